"""Reads the pages under `/_sluice/`, on which Local AWS shows what it has seen itself. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ENDED: Final = frozenset({"SUCCEEDED", "FAILED"})
"""The statuses of jobs that Batch does not change any more."""


@dataclass(frozen=True)
class JobRow:
    """One Batch job; times are seconds since the epoch, None for what has not happened.

    Attributes:
        job_id: a child of an array has its parent's and its index, `id:3`.
        name: as it was submitted.
        parameters: without the task's token.
        command: as it runs.
        is_array: whether it is the parent of an array.
        attempts: how many have ended.
        task_id: names the job's task without its token; None if Sluice did not submit the job.
        status_reason: what Batch says of its end.
    """

    job_id: str
    name: str
    parameters: Mapping[str, str]
    command: str
    status: str
    created_s: float
    started_s: float | None = None
    stopped_s: float | None = None
    is_array: bool = False
    attempts: int = 0
    task_id: str | None = None
    status_reason: str | None = None


@dataclass(frozen=True)
class ApiCalls:
    """Calls of one API: all, those answered with 429, and (accepted, throttled) by second of the epoch."""

    count: int = 0
    throttled: int = 0
    per_second: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def peak_per_second(self) -> int:
        """The most calls in one second of the clock, accepted or not."""
        return max((sum(pair) for pair in self.per_second.values()), default=0)

    def series(self) -> tuple[tuple[int, int, int], ...]:
        """Return (second, accepted, throttled) from the first call to the last, quiet seconds too."""
        if not self.per_second:
            return ()
        seconds = range(min(self.per_second), max(self.per_second) + 1)
        return tuple((second, *self.per_second.get(second, (0, 0))) for second in seconds)


@dataclass(frozen=True)
class Usage:
    """What AWS would bill for.

    Attributes:
        transitions: of all state machines.
        invocations: of all functions.
        gb_seconds: of all functions, cold starts included.
        write_units: DynamoDB's, of all tables with their indexes.
        read_units: likewise.
        messages: that EventBridge put into queues.
    """

    transitions: int = 0
    invocations: int = 0
    gb_seconds: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    messages: int = 0


def read_jobs(page: Mapping[str, Any]) -> tuple[JobRow, ...]:
    """Read the jobs on the page `jobs`, oldest first."""
    return tuple(map(_job, page["jobs"]))


def read_forgotten_jobs(page: Mapping[str, Any]) -> tuple[JobRow, ...]:
    """Read from the page `jobs` those that Batch has lost, as they were when it lost them."""
    return tuple(map(_job, page["forgotten"]))


def _job(row: Mapping[str, Any]) -> JobRow:
    return JobRow(
        job_id=row["jobId"],
        name=row["jobName"],
        parameters=row["parameters"],
        command=row["command"],
        status=row["status"],
        created_s=row["createdAt"] / 1000,
        started_s=_seconds(row.get("startedAt")),
        stopped_s=_seconds(row.get("stoppedAt")),
        is_array="size" in row.get("arrayProperties", {}),
        attempts=row["attempts"],
        task_id=row.get("taskId"),
        status_reason=row.get("statusReason"),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def read_calls(page: Mapping[str, Any]) -> dict[str, ApiCalls]:
    """Read the page `calls`, by API name such as `Batch.SubmitJob`."""
    return {
        api: ApiCalls(
            calls["count"],
            calls["throttled"],
            {int(second): (pair[0], pair[1]) for second, pair in calls["per_second"].items()},
        )
        for api, calls in page["calls"].items()
    }


def read_usage(
    executions: Iterable[Mapping[str, Any]],
    functions: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Mapping[str, Any]],
    queues: Mapping[str, int],
) -> Usage:
    """Read the pages `executions`, `functions`, `tables` and `queues`."""
    return Usage(
        transitions=sum(execution["transitions"] for execution in executions),
        invocations=sum(use["invocations"] for use in functions.values()),
        gb_seconds=sum(use["seconds"] * use["memoryMib"] / 1024 for use in functions.values()),
        write_units=sum(use["writeUnits"] for use in tables.values()),
        read_units=sum(use["readUnits"] for use in tables.values()),
        messages=sum(queues.values()),
    )
