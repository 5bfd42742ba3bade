"""Sees to it that the activity pollers run while there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.events import is_wake_up
from sluice.pollers.chain import wanted_pollers
from sluice.runtime.telemetry import logger, publish
from sluice.wiring.submitting import full_wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Starts the pollers that are missing; SQS records are wake-up calls, anything else is the schedule."""
    services = full_wiring()
    wanted = wanted_pollers(services.settings, woken=is_wake_up(event))
    started = [services.chain.ensure(slot, probe=wanted.probe) for slot in wanted.slots]
    services.counts.count("PollersStarted", sum(started))
    counts = services.counts.drain()
    publish("pollers started", counts)
    return counts
