"""Sees to it that the activity pollers run while there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.events import is_look, is_wake_up
from sluice.pollers.chain import wanted_pollers
from sluice.runtime.telemetry import logger
from sluice.wiring.polling import polling

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Starts the pollers that are missing.

    SQS records are wake-up calls; a look is one if tasks came to the Activity; anything else is a probe.
    """
    services = polling()
    look = is_look(event)
    woken = services.tasks_came() if look else is_wake_up(event)
    wanted = wanted_pollers(services.settings, woken=woken, look=look)
    started = [services.chain.ensure(slot, probe=wanted.probe) for slot in wanted.slots]
    services.telemetry.count("PollersStarted", sum(started))
    # CloudWatch charges a metric for each hour in which it is sent
    return services.telemetry.publish("pollers started", unsent=("PollersStarted",) if wanted.probe else ())
