"""Sees to it that the activity pollers run while there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.events import is_wake_up
from sluice.pollers.chain import wanted_pollers
from sluice.runtime.telemetry import logger
from sluice.wiring.polling import polling

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Starts the pollers that are missing; SQS records are wake-up calls, anything else is the schedule."""
    services = polling()
    wanted = wanted_pollers(services.settings, woken=is_wake_up(event))
    started = [services.chain.ensure(slot, probe=wanted.probe) for slot in wanted.slots]
    services.telemetry.count("PollersStarted", sum(started))
    return services.telemetry.publish("pollers started")
