"""What has not come to its end yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.stack import Stack

POLLER_MACHINE: Final = "arn:aws:states:eu-west-1:123456789012:stateMachine:sluice-activity-poller"


def open_things(stack: Stack) -> Iterator[str]:
    """What has not come to its end."""
    for execution in stack.step_functions.executions.values():
        if execution.running and execution.machine != POLLER_MACHINE:
            yield f"execution {execution.name} runs"
    for job in stack.batch.jobs.values():
        if not job.ended:
            yield f"{job.job_id} of {job.token} is {job.status}"
    for item in stack.tables["TaskTable"].items.values():
        if "open" in item:
            yield f"the item of {item['taskToken']['S']} is open"
    for item in stack.tables["CohortTable"].items.values():
        if "running" in item:
            yield f"the item of sample {item['entry']['S']} is running"
