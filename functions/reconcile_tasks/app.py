"""Heals what was lost; runs on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.rate import MICROSECONDS
from sluice.telemetry import logger, publish
from sluice.wiring import wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LAST_LOOK_SECONDS: Final = 30


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Looks at every open task that is due and returns what was done."""
    services = wiring()
    remaining_seconds = context.get_remaining_time_in_millis() / 1000 - LAST_LOOK_SECONDS
    until_us = services.clock.now_us() + int(remaining_seconds * MICROSECONDS)
    oldest_seconds = services.healer.heal(until_us=until_us)
    counts = services.counts.drain()
    publish("open tasks looked at", counts, {"OldestOpenTaskAge": oldest_seconds})
    return {"oldestOpenTaskAgeSeconds": oldest_seconds, **counts}
