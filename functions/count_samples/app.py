"""Counts the ends of the executions of cohorts' samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.runtime.sqs import handle_together
from sluice.runtime.telemetry import logger
from sluice.wiring.counting import counting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.runtime.sqs import BatchAnswer


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:  # noqa: ARG001 - Lambda's signature
    """Handles SQS records that hold Step Functions Execution Status Change events, all together."""
    services = counting()
    answer = handle_together(event, services.counter.count)
    services.telemetry.publish("ends of samples counted")
    return answer
