"""What happened to an execution, one step a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.tasks.model import SUCCEEDED
from sluice_cli.explain.report import Step
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.explain.history import History, Try

CLOCKS_MS = 5_000
"""By which a poller's clock and that of Step Functions may differ."""


def steps(history: History, tasks: Sequence[TaskRecord], present: Mapping[str, str]) -> tuple[Step, ...]:
    """Lists what happened in the order of time.

    Args:
        history: the execution's.
        tasks: its tasks, open and closed, oldest first.
        present: what Batch says now of jobs that have not ended, by job id.
    """
    moments = [Step(each.at_ms, each.state, each.says) for each in history.moments]
    found = moments[:1]  # the start
    for attempt, task in pair(history.tries, tasks):
        found += _of_try(attempt, task, present)
    found += moments[1:]  # what follows from a try comes after it
    return tuple(sorted(found, key=lambda step: step.at_ms))


def pair(tries: Sequence[Try], tasks: Sequence[TaskRecord]) -> tuple[tuple[Try, TaskRecord | None], ...]:
    """Finds the task of each try: the first of its state that was noted while the try was on."""
    left, pairs = list(tasks), []
    for attempt in tries:
        task = next((each for each in left if _belongs(each, attempt)), None)
        if task is not None:
            left.remove(task)
        pairs.append((attempt, task))
    return tuple(pairs)


def _belongs(task: TaskRecord, attempt: Try) -> bool:
    if attempt.started_ms is None or task.task.state_name != attempt.state:
        return False
    until_ms = attempt.ended_ms if attempt.ended_ms is not None else task.created_at
    return attempt.started_ms - CLOCKS_MS <= task.created_at <= until_ms + CLOCKS_MS


def _of_try(attempt: Try, task: TaskRecord | None, present: Mapping[str, str]) -> Iterator[Step]:
    again = f"try {attempt.number}: " if attempt.number > 1 else ""
    jobs = _named(tuple(attempt.jobs))
    if attempt.started_ms is None:
        yield Step(attempt.scheduled_ms, attempt.state, f"{again}asked for {jobs}; waits for a poller")
    else:
        waited = span((attempt.started_ms - attempt.scheduled_ms) / 1000)
        says = f"{again}asked for {jobs}; a poller took it after {waited}"
        yield Step(attempt.scheduled_ms, attempt.state, says)
        for job in task.jobs.values() if task else ():
            yield from _of_job(job, attempt, present)
    if attempt.ended_ms is not None and attempt.error:
        yield Step(attempt.ended_ms, attempt.state, f"{again}{attempt.ending}: {attempt.error}")
    elif attempt.ended_ms is not None:
        yield Step(attempt.ended_ms, attempt.state, f"{again}{attempt.ending}")


def _of_job(job: JobRecord, attempt: Try, present: Mapping[str, str]) -> Iterator[Step]:
    if job.job_id is None:
        return
    submitted_ms = job.created_at or attempt.started_ms or attempt.scheduled_ms
    yield Step(submitted_ms, attempt.state, f"job {job.name} was submitted to Batch as {job.job_id}")
    if job.started_at is not None:
        waited = span((job.started_at - submitted_ms) / 1000)
        yield Step(job.started_at, attempt.state, f"job {job.name} began to run after {waited}")
    if job.stopped_at is not None and job.ended:
        yield Step(job.stopped_at, attempt.state, _ending(job))
    elif job.job_id in present:
        yield Step(submitted_ms, attempt.state, f"job {job.name} is {present[job.job_id]}")


def _ending(job: JobRecord) -> str:
    ran = span(((job.stopped_at or 0) - job.started_at) / 1000) if job.started_at is not None else None
    after = f" after {ran}" if ran else ""
    if job.status == SUCCEEDED:
        return f"job {job.name} succeeded{after}"
    code = f", exit code {job.exit_code}" if job.exit_code is not None else ""
    return f"job {job.name} failed{after} with {job.error}: {job.reason}{code}"


def _named(jobs: Sequence[str]) -> str:
    if not jobs:
        return "jobs"
    return f"job{'s' if len(jobs) > 1 else ''} {', '.join(jobs)}"
