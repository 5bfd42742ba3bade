"""Reads the pages under `/_sluice/`, on which Local AWS shows the jobs and the calls that it has seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class JobRow:
    """One Batch job; times are seconds since the epoch, None for what has not happened.

    Attributes:
        job_id: a child of an array has its parent's and its index, `id:3`.
        name: as it was submitted.
        parameters: without the task's token.
        command: as it runs.
        is_array: whether it is the parent of an array.
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


def read_jobs(page: Mapping[str, Any]) -> tuple[JobRow, ...]:
    """Read the page `jobs`, oldest job first."""
    return tuple(
        JobRow(
            job_id=job["jobId"],
            name=job["jobName"],
            parameters=job["parameters"],
            command=job["command"],
            status=job["status"],
            created_s=job["createdAt"] / 1000,
            started_s=_seconds(job.get("startedAt")),
            stopped_s=_seconds(job.get("stoppedAt")),
            is_array="size" in job.get("arrayProperties", {}),
        )
        for job in page["jobs"]
    )


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


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
