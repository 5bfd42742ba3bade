"""Notes that Batch jobs ended, and completes the tasks whose jobs all have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.runtime.sqs import handle_records
from sluice.runtime.telemetry import logger
from sluice.tasks.job_event import read_job_event
from sluice.wiring.completing import completing

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.ports import Telemetry
    from sluice.runtime.sqs import BatchAnswer
    from sluice.tasks.completer import Completer


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:  # noqa: ARG001 - Lambda's signature
    """Handles SQS records that hold Batch Job State Change events; what failed is delivered again."""
    services = completing()
    answer = handle_records(event, lambda body: note(body, services.completer, services.telemetry))
    services.telemetry.publish("job events handled")
    return answer


def note(body: str, completer: Completer, telemetry: Telemetry) -> None:
    """Notes one event; events that are not of Sluice's jobs are passed over."""
    ended = read_job_event(body)
    if ended is None:
        telemetry.count("EventsIgnored")
    else:
        completer.note(ended.token, ended.job)
