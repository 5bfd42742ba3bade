"""What the page embeds: columns of samples and jobs, and what stands beside them; pure.

A cohort of 1,800 samples has some 5,400 jobs. As columns, with times from the cohort's start and names by
number, they are half a megabyte of JSON. The page computes every figure from them, so that it can filter.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sluice_cli.report.price_table import (
    ARM64,
    BILLED_SECONDS_MIN,
    GIB_HOUR,
    HANDLING,
    TRANSITIONS,
    VCPU_HOUR,
    WRITES,
    WRITES_PER_TASK,
    X86_64,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sluice_cli.report.facts import Accuracy, Array, CohortFacts, JobFacts, SampleFacts
    from sluice_cli.report.price_table import Price

Row = TypeVar("Row")
Columns = dict[str, list[Any]]

QUOTA_PER_SECOND: Final = 50
"""SubmitJob calls a second of an account and Region.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""


class Names:
    """Gives each name a number, in the order in which they come."""

    def __init__(self) -> None:
        """Knows none at first."""
        self._numbers: dict[str, int] = {}

    def number(self, name: str | None) -> int | None:
        """The number of a name; None has none."""
        return None if name is None else self._numbers.setdefault(name, len(self._numbers))

    @property
    def all(self) -> list[str]:
        """The names, by number."""
        return list(self._numbers)


def document(facts: CohortFacts, *, quota_per_second: float = QUOTA_PER_SECOND) -> dict[str, Any]:
    """Makes what the page embeds.

    Args:
        facts: the cohort.
        quota_per_second: of SubmitJob, to draw beside the rate.
    """
    times_ms = [sample.started_ms for sample in facts.samples] + [job.ready_ms for job in facts.jobs]
    zero_ms = min(times_ms, default=facts.seen_ms)
    names = Names()
    return {
        "cohort": facts.cohort,
        "total": facts.total,
        "zeroMs": zero_ms,
        "seenMs": facts.seen_ms - zero_ms,
        "quotaPerSecond": quota_per_second,
        "ratePerSecond": facts.rate_per_second,
        "samples": _sample_columns(facts.samples, names, zero_ms),
        "jobs": _job_columns(facts, names, zero_ms),
        "ofSomeJobs": _of_some_jobs(facts.jobs, zero_ms),
        "names": names.all,
        "throttled": _throttled(facts, zero_ms),
        "prices": [asdict(price) for price in _prices(facts.jobs)],
        "billedSecondsMin": BILLED_SECONDS_MIN,
        "writesPerTask": WRITES_PER_TASK,
        "console": facts.console
        and {
            "executions": facts.console.executions,
            "executionArns": facts.console.execution_arns,
            "logs": facts.console.logs,
        },
        "accuracy": {name: _accuracy(each) for name, each in facts.accuracy.items()},
    }


def _sample_columns(samples: Sequence[SampleFacts], names: Names, zero_ms: int) -> Columns:
    return _columns(
        samples,
        {
            "name": lambda it: it.name,
            "attempt": lambda it: it.attempt,
            "status": lambda it: names.number(it.status),
            "started": lambda it: it.started_ms - zero_ms,
            "stopped": lambda it: _since(it.stopped_ms, zero_ms),
            "error": lambda it: names.number(it.error),
            "reason": lambda it: names.number(it.reason),
        },
    )


def _job_columns(facts: CohortFacts, names: Names, zero_ms: int) -> Columns:
    place = {sample.name: index for index, sample in enumerate(facts.samples)}
    return _columns(
        facts.jobs,
        {
            "sample": lambda it: place[it.sample],
            "name": lambda it: names.number(it.name),
            "state": lambda it: names.number(it.state),
            "ready": lambda it: it.ready_ms - zero_ms,
            "taken": lambda it: it.taken_ms - zero_ms,
            "submitted": lambda it: _since(it.submitted_ms, zero_ms),
            "runnable": lambda it: _since(it.runnable_ms, zero_ms),
            "started": lambda it: _since(it.started_ms, zero_ms),
            "stopped": lambda it: _since(it.stopped_ms, zero_ms),
            "status": lambda it: names.number(it.status),
            "attempts": lambda it: it.attempts,
            "error": lambda it: names.number(it.error),
            "reason": lambda it: names.number(it.reason),
            "exitCode": lambda it: it.exit_code,
            "vcpus": lambda it: it.resources.vcpus,
            "memoryMib": lambda it: it.resources.memory_mib,
            "architecture": lambda it: names.number(it.resources.architecture),
            "attempt": lambda it: it.attempt,
            "again": lambda it: int(it.is_again),
            "superseded": lambda it: int(it.is_superseded),
        },
    )


def _of_some_jobs(jobs: Sequence[JobFacts], zero_ms: int) -> dict[str, dict[int, Any]]:
    """What is known of few jobs, by their place."""
    cells: Mapping[str, Callable[[JobFacts], Any]] = {
        "earlier": lambda it: [[began - zero_ms, ended - zero_ms] for began, ended in it.earlier],
        "array": lambda it: it.array and _array(it.array),
        "log": lambda it: it.error and it.log_stream and [it.log_group, it.log_stream],
    }
    return {name: _known(jobs, cell) for name, cell in cells.items()}


def _known(jobs: Sequence[JobFacts], cell: Callable[[JobFacts], Any]) -> dict[int, Any]:
    return {place: value for place, job in enumerate(jobs) if (value := cell(job))}


def _array(array: Array) -> dict[str, Any]:
    return {"size": array.size, "failed": array.failed, "billedSeconds": array.billed_seconds}


def _columns(rows: Sequence[Row], cells: Mapping[str, Callable[[Row], Any]]) -> Columns:
    return {name: [cell(row) for row in rows] for name, cell in cells.items()}


def _since(time_ms: int | None, zero_ms: int) -> int | None:
    return None if time_ms is None else time_ms - zero_ms


def _throttled(facts: CohortFacts, zero_ms: int) -> dict[str, Any] | None:
    if facts.throttling is None:
        return None
    throttling = facts.throttling
    return {
        "total": throttling.total,
        "isWhole": throttling.is_whole,
        "periodMs": throttling.period_ms,
        "perPeriod": [[at_ms - zero_ms, count] for at_ms, count in throttling.per_period],
    }


def _prices(jobs: Iterable[JobFacts]) -> list[Price]:
    """The prices that the cohort's jobs ask for; those of x86 where nothing is known."""
    seen = {job.resources.architecture for job in jobs}
    architectures = [each for each in (X86_64, ARM64) if each in seen] or [X86_64]
    of_compute = [price for each in architectures for price in (VCPU_HOUR[each], GIB_HOUR[each])]
    return [*of_compute, TRANSITIONS, WRITES, HANDLING]


def _accuracy(found: Accuracy) -> dict[str, Any]:
    return {
        "common": found.common.r2,
        "bins": [[each.lower, each.upper, each.r2] for each in found.bins],
        "depth": found.depth,
    }
