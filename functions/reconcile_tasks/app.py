"""Heals what was lost; runs on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.cohort_healer import look_until_us
from sluice.cohort_wiring import cohort_wiring
from sluice.full_wiring import full_wiring
from sluice.healing import plan_run
from sluice.telemetry import logger, publish

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Looks at the open tasks and the running samples that are due, and returns what was done."""
    services, cohorts = full_wiring(), cohort_wiring()
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    run = plan_run(services.clock.now_us(), remaining_seconds=remaining_seconds)
    oldest_seconds = services.healer.heal(run)
    counts = services.counts.drain()
    publish("open tasks looked at", counts, {"OldestOpenTaskAge": oldest_seconds})
    cohorts.healer.heal(look_until_us(run.look_until_us, services.clock.now_us()))
    samples = cohorts.counts.drain()
    publish("running samples looked at", samples)
    return {"oldestOpenTaskAgeSeconds": oldest_seconds, **counts, **samples}
