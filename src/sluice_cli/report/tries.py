"""Which tasks of an execution are tries after one that failed; pure.

The history of an execution tells that too, but a cohort has thousands, and reading them takes minutes.
"""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import FAILED, TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.tasks.model import TaskRecord

MAY_CHANGE: Final = frozenset(
    {"retryStrategy", "timeout", "jobQueue", "jobDefinition", "resourceRequirements"}
)
"""What a workflow may ask for otherwise when it tries again: more memory, another queue."""


def retried(tasks: Sequence[TaskRecord]) -> dict[str, str]:
    """Finds the tasks that were tried again: the token of the try after it, by that of each.

    A task is tried again by one of the same state and execution that was taken later, ended later and asks
    for the same jobs, whatever they may use. Iterations of a Map ask for different ones; of those that ask
    for the same, one that is stopped when the Map fails outlives those that were taken after it.

    Args:
        tasks: in the order in which they were taken.
    """
    open_tries: dict[tuple[str, str, str], list[TaskRecord]] = {}
    found: dict[str, str] = {}
    for record in tasks:
        task = record.task
        asked = (task.execution_arn, task.state_name, _asked(task.jobs))
        failed = open_tries.setdefault(asked, [])
        before = next((each for each in failed if _failed_ms(each) <= _ended_ms(record)), None)
        if before is not None:
            failed.remove(before)
            found[before.task.token] = task.token
        if record.state in {TaskState.FAILED, TaskState.ABANDONED}:
            failed.append(record)
    return found


def _failed_ms(record: TaskRecord) -> float:
    """When the first of its jobs failed or was stopped.

    If nobody can say, a task that failed did so before any later one: Batch took none of its jobs. One whose
    workflow does not wait for it any more may have been so for any time.
    """
    ends_ms = [
        job.stopped_at
        for job in record.jobs.values()
        if job.status == FAILED and job.job_id is not None and job.stopped_at is not None
    ]
    return min(ends_ms, default=0 if record.state is TaskState.FAILED else inf)


def _ended_ms(record: TaskRecord) -> float:
    """When the last of its jobs ended; later than anything while one runs, or none was submitted."""
    submitted = [job for job in record.jobs.values() if job.job_id is not None]
    return max((inf if job.stopped_at is None else job.stopped_at for job in submitted), default=inf)


def _asked(jobs: Sequence[Any]) -> str:
    return json.dumps([[job.name, _lasting(job.request)] for job in jobs], sort_keys=True, default=str)


def _lasting(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _lasting(value) if isinstance(value, dict) else value
        for name, value in request.items()
        if name not in MAY_CHANGE
    }
