"""The jobs of a sample, out of its tasks; pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING

from sluice.tasks.model import FAILED
from sluice_cli.aws.arrays import array_size
from sluice_cli.logs.job_log import log_group
from sluice_cli.report.facts import Array, JobFacts
from sluice_cli.report.price_table import BILLED_SECONDS_MIN
from sluice_cli.report.resources import resources_of
from sluice_cli.report.tries import retried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.aws.arrays import Child
    from sluice_cli.report.facts import SampleFacts


@dataclass(frozen=True)
class Remembered:
    """What Batch still knows of jobs besides what their tasks tell.

    Attributes:
        definitions: job definitions by any of their names.
        earlier: from when to when earlier attempts ran, by job id.
        children: of arrays, by the parent's job id.
    """

    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    earlier: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    children: Mapping[str, Sequence[Child]] = field(default_factory=dict)


def jobs_of(
    sample: SampleFacts, tasks: Sequence[TaskRecord], known: Remembered, *, attempt: int | None = None
) -> tuple[JobFacts, ...]:
    """Lists the jobs of one attempt at a sample in the order in which they were asked for.

    Args:
        sample: whose they are.
        tasks: of the attempt's execution and of those inside of it, in any order.
        known: what Batch remembers.
        attempt: which one; the last if None.
    """
    is_last = attempt in {None, sample.attempt}
    ends_ms: list[int] = []
    found: list[JobFacts] = []
    in_order = sorted(tasks, key=lambda task: task.created_at)
    again = retried(in_order)  # the try after it, by the one that failed
    for record in in_order:
        earliest_ms = sample.started_ms if is_last else record.created_at
        ready_ms = max((end for end in ends_ms if end <= record.created_at), default=earliest_ms)
        token, number = record.task.token, attempt or sample.attempt
        is_again, is_superseded = token in again.values(), not is_last or token in again
        found += [
            replace(job, attempt=number, is_again=is_again, is_superseded=is_superseded)
            for job in _of_task(sample, record, min(ready_ms, record.created_at), known)
        ]
        ends_ms += [job.stopped_at for job in record.jobs.values() if job.stopped_at is not None]
    return tuple(found)


def _of_task(sample: SampleFacts, record: TaskRecord, ready_ms: int, known: Remembered) -> Iterator[JobFacts]:
    for spec in record.task.jobs:
        job = record.jobs.get(spec.name)
        if job is None:
            continue
        definition = known.definitions.get(str(spec.request.get("jobDefinition")))
        submitted_ms = _submitted_ms(job, record)
        children = known.children.get(job.job_id or "", ())
        yield JobFacts(
            sample=sample.name,
            name=spec.name,
            state=record.task.state_name,
            ready_ms=ready_ms,
            taken_ms=record.created_at,
            submitted_ms=submitted_ms,
            runnable_ms=_runnable_ms(submitted_ms, [record.jobs.get(name) for name in spec.needs]),
            started_ms=job.started_at or _first(child.started_ms for child in children),
            stopped_ms=job.stopped_at,
            status=job.status,
            attempts=job.attempts,
            error=job.error,
            reason=_reason(job, children),
            exit_code=job.exit_code if job.exit_code is not None else _exit_code(children),
            resources=resources_of(definition, spec.request),
            earlier=known.earlier.get(job.job_id or "", ()),
            array=_array(spec.request, children),
            log_group=log_group((definition or {}).get("containerProperties") or {}),
            log_stream=job.log_stream_name,
        )


def _first(times: Iterable[int | None]) -> int | None:
    return min((each for each in times if each is not None), default=None)


def _failed(children: Sequence[Child]) -> list[Child]:
    return [child for child in children if child.status == FAILED]


def _reason(job: JobRecord, children: Sequence[Child]) -> str | None:
    """What was said of a job; of an array what was said of its first failed child."""
    failed = _failed(children)
    if job.error is None or not failed:
        return job.reason
    said = failed[0].reason or job.reason or "no reason was given"
    return f"child {failed[0].index} of {len(children)}: {said}"


def _exit_code(children: Sequence[Child]) -> int | None:
    failed = _failed(children)
    return failed[0].exit_code if failed else None


def _array(request: Mapping[str, Any], children: Sequence[Child]) -> Array | None:
    size = array_size(request)
    if size is None:
        return None
    ran = [
        (child.stopped_ms - child.started_ms) / 1000
        for child in children
        if child.started_ms is not None and child.stopped_ms is not None
    ]
    billed = sum(max(BILLED_SECONDS_MIN, ceil(seconds)) for seconds in ran) if children else None
    return Array(size, len(_failed(children)), billed)


def _submitted_ms(job: JobRecord, record: TaskRecord) -> int | None:
    """Batch tells when with a job's end; until then it is about when the task was taken."""
    if job.created_at is not None:
        return job.created_at
    return record.created_at if job.job_id is not None else None


def _runnable_ms(submitted_ms: int | None, needed: Iterable[JobRecord | None]) -> int | None:
    """None while a job that it depends on, in its own task, has not ended."""
    ends_ms = [job.stopped_at if job else None for job in needed]
    times = [submitted_ms, *ends_ms]
    return max(time for time in times if time is not None) if None not in times else None


def definition_names(tasks: Iterable[TaskRecord]) -> frozenset[str]:
    """The job definitions that the tasks' jobs name."""
    requests = (spec.request for task in tasks for spec in task.task.jobs)
    return frozenset(str(request["jobDefinition"]) for request in requests if "jobDefinition" in request)
