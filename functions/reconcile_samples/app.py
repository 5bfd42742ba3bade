"""Heals cohorts: looks at samples that have been running for a while; runs on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.cohorts.reconciler import begin_until_us
from sluice.runtime.telemetry import logger
from sluice.wiring.starting import starting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Looks at the running samples that are due and returns what was done."""
    services = starting()
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    services.reconciler.reconcile(
        begin_until_us(services.clock.now_us(), remaining_seconds=remaining_seconds)
    )
    return services.telemetry.publish("running samples looked at")
