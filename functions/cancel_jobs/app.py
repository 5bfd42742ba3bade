"""Stops the jobs of workflow executions that ended without waiting for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.runtime.sqs import handle_records
from sluice.runtime.telemetry import logger
from sluice.tasks.execution_event import read_ended_execution
from sluice.wiring.completing import completing

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.ports import Telemetry
    from sluice.runtime.sqs import BatchAnswer
    from sluice.tasks.completer import Completer
    from sluice.tasks.ports import TaskStore


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:  # noqa: ARG001 - Lambda's signature
    """Handles SQS records that hold Step Functions Execution Status Change events."""
    services = completing()
    answer = handle_records(
        event,
        lambda body: cancel(body, services.store, completer=services.completer, telemetry=services.telemetry),
    )
    services.telemetry.publish("workflow ends handled")
    return answer


def cancel(body: str, store: TaskStore, *, completer: Completer, telemetry: Telemetry) -> None:
    """Abandons the open tasks of the execution that the event tells of; other events are passed over."""
    ended = read_ended_execution(body)
    if ended is None:
        telemetry.count("EventsIgnored")
        return
    for task in store.of_execution(ended.execution_arn):
        if task.created_at <= ended.stopped_at:
            completer.abandon(task, f"its workflow execution ended: {ended.status}", submitting_is_over=False)
