"""What happened to an execution, one step a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.tasks.model import FAILED, SUCCEEDED
from sluice_cli.explain.arrays import outcome, whose
from sluice_cli.explain.report import Step
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.explain.history import History, Try
    from sluice_cli.explain.known import Known

CLOCKS_MS = 5_000
"""By which a poller's clock and that of Step Functions may differ."""

CHILDREN_SHOWN = 5
"""Failed children of an array that have a line of their own."""


def steps(history: History, known: Known, *, is_over: bool = False) -> tuple[Step, ...]:
    """Lists what happened in the order of time; what happened at the same time in that of the events.

    Args:
        history: the execution's.
        known: what the stack and Batch know of it.
        is_over: whether it has ended, so that nothing waits any more.
    """
    found = [Step(each.at_ms, each.place, each.says, each.event_id) for each in history.moments]
    for attempt, task in pair(history.tries, known.tasks):
        found += _of_try(attempt, task, known, is_over=is_over)
    return tuple(sorted(found, key=lambda step: (step.at_ms, step.order)))


def pair(tries: Sequence[Try], tasks: Sequence[TaskRecord]) -> tuple[tuple[Try, TaskRecord | None], ...]:
    """Finds the task of each try.

    It is the one whose jobs the try's output or cause tells of; else one of its state that was noted while
    the try was on, best one that asks for the very same, as iterations of a Map run side by side.
    """
    left = list(tasks)
    found: dict[int, TaskRecord] = {}
    matches: tuple[Callable[[TaskRecord, Try], bool], ...] = (_is_told_of, _asks_the_same, _belongs)
    for is_match in matches:
        for attempt in (each for each in tries if each.event_id not in found):
            task = next((each for each in left if is_match(each, attempt)), None)
            if task is not None:
                left.remove(task)
                found[attempt.event_id] = task
    return tuple((attempt, found.get(attempt.event_id)) for attempt in tries)


def _is_told_of(task: TaskRecord, attempt: Try) -> bool:
    return any(job.job_id in attempt.job_ids for job in task.jobs.values() if job.job_id)


def _asks_the_same(task: TaskRecord, attempt: Try) -> bool:
    asked = {spec.name: spec.request for spec in task.task.jobs}
    return _belongs(task, attempt) and asked == attempt.requests


def _belongs(task: TaskRecord, attempt: Try) -> bool:
    if attempt.started_ms is None or task.task.state_name != attempt.state:
        return False
    until_ms = attempt.ended_ms if attempt.ended_ms is not None else task.created_at
    return attempt.started_ms - CLOCKS_MS <= task.created_at <= until_ms + CLOCKS_MS


def _of_try(attempt: Try, task: TaskRecord | None, known: Known, *, is_over: bool) -> Iterator[Step]:
    again = f"try {attempt.number}: " if attempt.number > 1 else ""
    asked = f"{again}asked for {_named(tuple(attempt.jobs))}"
    if attempt.started_ms is None:
        waits = "was given up before a poller took it" if is_over else "waits for a poller"
        yield Step(attempt.scheduled_ms, attempt.place, f"{asked}; {waits}", attempt.event_id)
    else:
        waited = span((attempt.started_ms - attempt.scheduled_ms) / 1000)
        says = f"{asked}; a poller took it after {waited}"
        yield Step(attempt.scheduled_ms, attempt.place, says, attempt.event_id)
        for job in task.jobs.values() if task else ():
            yield from _of_job(job, attempt, known)
    if attempt.ended_ms is not None:
        error = f": {attempt.error}" if attempt.error else ""
        order = attempt.ended_event_id or attempt.event_id
        yield Step(attempt.ended_ms, attempt.place, f"{again}{attempt.ending}{error}", order)


def _of_job(job: JobRecord, attempt: Try, known: Known) -> Iterator[Step]:
    if job.job_id is None:
        return
    order = attempt.started_event_id or attempt.event_id
    submitted_ms = job.created_at or attempt.started_ms or attempt.scheduled_ms
    yield Step(submitted_ms, attempt.place, f"job {job.name} was submitted to Batch as {job.job_id}", order)
    if job.started_at is not None:
        waited = span((job.started_at - submitted_ms) / 1000)
        yield Step(job.started_at, attempt.place, f"job {job.name} began to run after {waited}", order)
    if job.stopped_at is not None and job.ended:
        yield from _of_children(job, attempt, known, order)
        yield Step(job.stopped_at, attempt.place, _ending(job, known), order)
    elif job.job_id in known.present:
        says = f"job {job.name} is {known.present[job.job_id]}"
        yield Step(submitted_ms, attempt.place, says, order)


def _of_children(job: JobRecord, attempt: Try, known: Known, order: int) -> Iterator[Step]:
    """The children of an array that failed, some of them."""
    children = known.children_of(job)
    failed = [child for child in children if child.status == FAILED]
    for child in failed[:CHILDREN_SHOWN]:
        says = f"{whose(child, known.size_of(job))} of job {job.name} failed{outcome(child)}"
        yield Step(child.stopped_ms or job.stopped_at or 0, attempt.place, says, order)
    if len(failed) > CHILDREN_SHOWN:
        says = f"{len(failed) - CHILDREN_SHOWN} more children of job {job.name} failed"
        yield Step(job.stopped_at or 0, attempt.place, says, order)


def _ending(job: JobRecord, known: Known) -> str:
    ran = span(((job.stopped_at or 0) - job.started_at) / 1000) if job.started_at is not None else None
    after = f" after {ran}" if ran else ""
    size = known.size_of(job)
    of = f", an array of {size}," if size else ""
    if job.status == SUCCEEDED:
        return f"job {job.name}{of} succeeded{after}"
    code = f", exit code {job.exit_code}" if job.exit_code is not None else ""
    return f"job {job.name}{of} failed{after} with {job.error}: {job.reason}{code}"


def _named(jobs: Sequence[str]) -> str:
    if not jobs:
        return "jobs"
    return f"job{'s' if len(jobs) > 1 else ''} {', '.join(jobs)}"
