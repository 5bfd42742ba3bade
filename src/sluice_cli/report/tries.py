"""Which tasks of an execution are tries after one that failed; pure.

The history of an execution tells that too, but a cohort has thousands, and reading them takes minutes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.tasks.model import TaskRecord

MAY_CHANGE: Final = frozenset(
    {"retryStrategy", "timeout", "jobQueue", "jobDefinition", "resourceRequirements"}
)
"""What a workflow may ask for otherwise when it tries again: more memory, another queue."""


def retried(tasks: Sequence[TaskRecord]) -> dict[str, str]:
    """Finds the tasks that were tried again: the token of the try after it, by that of each.

    A task is tried again by one of the same state and execution that was taken later and asks for the same
    jobs, whatever they may use. Iterations of a Map ask for different ones.

    Args:
        tasks: in the order in which they were taken.
    """
    open_tries: dict[tuple[str, str, str], list[str]] = {}
    found: dict[str, str] = {}
    for record in tasks:
        task = record.task
        asked = (task.execution_arn, task.state_name, _asked(task.jobs))
        failed = open_tries.setdefault(asked, [])
        if failed:
            found[failed.pop(0)] = task.token
        if record.state in {TaskState.FAILED, TaskState.ABANDONED}:
            failed.append(task.token)
    return found


def _asked(jobs: Sequence[Any]) -> str:
    return json.dumps([[job.name, _lasting(job.request)] for job in jobs], sort_keys=True, default=str)


def _lasting(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _lasting(value) if isinstance(value, dict) else value
        for name, value in request.items()
        if name not in MAY_CHANGE
    }
