"""Stops the jobs of workflow executions that ended without waiting for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.runtime.sqs import handle_records
from sluice.runtime.telemetry import logger
from sluice.tasks.execution_event import read_ended_execution
from sluice.wiring.completing import completing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.ports import Telemetry
    from sluice.runtime.sqs import BatchAnswer
    from sluice.tasks.completer import Completer
    from sluice.tasks.model import TaskRecord
    from sluice.tasks.ports import TaskStore


SKEW_MS: Final = 60_000
"""By which the clocks of a poller and of Step Functions may differ: what began later is a redrive's."""


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:  # noqa: ARG001 - Lambda's signature
    """Handles SQS records that hold Step Functions Execution Status Change events."""
    services = completing()
    answer = handle(event, services.store, completer=services.completer, telemetry=services.telemetry)
    services.telemetry.publish("workflow ends handled")
    return answer


def handle(event: Any, store: TaskStore, *, completer: Completer, telemetry: Telemetry) -> BatchAnswer:
    """Abandons the tasks of all executions that the events tell of before it stops any job."""
    ended: list[TaskRecord] = []
    answer = handle_records(
        event,
        lambda body: ended.extend(cancel(body, store, completer=completer, telemetry=telemetry)),
    )
    completer.settle_soon(ended)
    return answer


def cancel(
    body: str, store: TaskStore, *, completer: Completer, telemetry: Telemetry
) -> Iterator[TaskRecord]:
    """Abandons the open tasks of an execution and yields them.

    Events that tell of no execution that ended without success are passed over.
    """
    ended = read_ended_execution(body)
    if ended is None:
        telemetry.count("EventsIgnored")
        return
    for task in store.of_execution(ended.execution_arn):
        # a redriven execution goes on under the same ARN: a heartbeat tells whose workflow waits
        if task.created_at <= ended.stopped_at + SKEW_MS:
            abandoned = completer.abandon_if_dead(task)
            if abandoned is not None:
                yield abandoned
