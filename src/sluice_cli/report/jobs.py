"""The jobs of a sample, out of its tasks; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_cli.report.facts import JobFacts
from sluice_cli.report.resources import resources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.report.facts import SampleFacts


def jobs_of(
    sample: SampleFacts, tasks: Sequence[TaskRecord], definitions: Mapping[str, Mapping[str, Any]]
) -> tuple[JobFacts, ...]:
    """Lists a sample's jobs in the order in which they were asked for.

    Args:
        sample: whose they are.
        tasks: of its execution, in any order.
        definitions: job definitions by any of their names.
    """
    ends_ms: list[int] = []
    found: list[JobFacts] = []
    for record in sorted(tasks, key=lambda task: task.created_at):
        ready_ms = max((end for end in ends_ms if end <= record.created_at), default=sample.started_ms)
        found += _of_task(sample, record, min(ready_ms, record.created_at), definitions)
        ends_ms += [job.stopped_at for job in record.jobs.values() if job.stopped_at is not None]
    return tuple(found)


def _of_task(
    sample: SampleFacts, record: TaskRecord, ready_ms: int, definitions: Mapping[str, Mapping[str, Any]]
) -> Iterator[JobFacts]:
    for spec in record.task.jobs:
        job = record.jobs.get(spec.name)
        if job is None:
            continue
        definition = definitions.get(str(spec.request.get("jobDefinition")))
        submitted_ms = _submitted_ms(job, record)
        yield JobFacts(
            sample=sample.name,
            name=spec.name,
            state=record.task.state_name,
            ready_ms=ready_ms,
            taken_ms=record.created_at,
            submitted_ms=submitted_ms,
            runnable_ms=_runnable_ms(submitted_ms, [record.jobs.get(name) for name in spec.needs]),
            started_ms=job.started_at,
            stopped_ms=job.stopped_at,
            status=job.status,
            attempts=job.attempts,
            error=job.error,
            reason=job.reason,
            exit_code=job.exit_code,
            resources=resources_of(definition, spec.request),
        )


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
