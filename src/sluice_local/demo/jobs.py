"""Jobs and calls as the observation pages of Local AWS show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

WAITING_STATUSES = frozenset({"SUBMITTED", "PENDING", "RUNNABLE"})
RUNNING_STATUSES = frozenset({"STARTING", "RUNNING"})


class Stage(StrEnum):
    """The jobs of a sample, in the workflow's order; the value is the job's name there."""

    ALIGN = "align"
    LIKELIHOODS = "likelihoods"
    IMPUTE = "impute"


@dataclass(frozen=True)
class JobRow:
    """One Batch job of a sample; times are milliseconds since the epoch, None for what has not happened."""

    job_id: str
    sample: str
    stage: Stage
    status: str
    created_at_ms: int
    started_at_ms: int | None = None
    stopped_at_ms: int | None = None
    exit_code: int | None = None
    status_reason: str | None = None

    @property
    def waited_seconds(self) -> float | None:
        """How long the job waited in its queue; None if it has not started."""
        return _seconds(self.created_at_ms, self.started_at_ms)

    @property
    def ran_seconds(self) -> float | None:
        """How long the job ran; None if it has not ended."""
        return _seconds(self.started_at_ms, self.stopped_at_ms)


def _seconds(begin_ms: int | None, end_ms: int | None) -> float | None:
    return None if begin_ms is None or end_ms is None else (end_ms - begin_ms) / 1000


def read_jobs(page: Mapping[str, Any]) -> tuple[JobRow, ...]:
    """Read the page `/_sluice/jobs`, oldest job first; jobs that are no stage of a sample are left out."""
    rows = (_job_row(job) for job in page["jobs"])
    return tuple(row for row in rows if row is not None)


def _job_row(job: Mapping[str, Any]) -> JobRow | None:
    name = job["jobName"].rpartition("-")[0]  # Sluice adds a hash to the name
    sample = job["parameters"].get("sample")
    if sample is None or name not in set(Stage):
        return None
    return JobRow(
        job_id=job["jobId"],
        sample=sample,
        stage=Stage(name),
        status=job["status"],
        created_at_ms=job["createdAt"],
        started_at_ms=job.get("startedAt"),
        stopped_at_ms=job.get("stoppedAt"),
        exit_code=job.get("exitCode"),
        status_reason=job.get("statusReason"),
    )


@dataclass(frozen=True)
class ApiFigures:
    """Calls of one API: all, those answered with 429, and (accepted, throttled) by second of the epoch."""

    count: int = 0
    throttled: int = 0
    per_second: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def peak_per_second(self) -> int:
        """The most calls in one second of the clock, accepted or not."""
        return max((sum(pair) for pair in self.per_second.values()), default=0)

    def in_second(self, second: int) -> int:
        """How many calls came in one second of the clock."""
        return sum(self.per_second.get(second, (0, 0)))

    def series(self) -> tuple[tuple[int, int, int], ...]:
        """Return (second, accepted, throttled) from the first call to the last, quiet seconds too."""
        if not self.per_second:
            return ()
        seconds = range(min(self.per_second), max(self.per_second) + 1)
        return tuple((second, *self.per_second.get(second, (0, 0))) for second in seconds)


@dataclass(frozen=True)
class Calls:
    """The calls that the demo shows: those that a poll-and-wait workflow would drown in."""

    submit: ApiFigures
    describe: ApiFigures


def read_calls(page: Mapping[str, Any]) -> Calls:
    """Read the page `/_sluice/calls`."""
    calls = page["calls"]
    return Calls(_figures(calls.get("Batch.SubmitJob")), _figures(calls.get("Batch.DescribeJobs")))


def _figures(calls: Mapping[str, Any] | None) -> ApiFigures:
    if calls is None:
        return ApiFigures()
    per_second = {int(second): (pair[0], pair[1]) for second, pair in calls["per_second"].items()}
    return ApiFigures(calls["count"], calls["throttled"], per_second)
