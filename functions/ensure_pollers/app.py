"""Sees to it that the activity pollers run while there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.pollers.chain import wanted_pollers
from sluice.runtime.telemetry import logger
from sluice.wiring.polling import polling

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Starts the pollers that are missing.

    SQS records are wake-up calls; a look is a probe if tasks came to the Activity; so is anything else.
    """
    services = polling()
    wanted = wanted_pollers(services.settings, event, services.look_found_nothing)
    started = [services.chain.ensure(slot, probe=wanted.probe) for slot in wanted.slots]
    services.telemetry.count("PollersStarted", sum(started))
    # CloudWatch charges a metric for each hour in which it is sent
    return services.telemetry.publish("pollers started", unsent=("PollersStarted",) if wanted.probe else ())
