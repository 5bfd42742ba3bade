"""Heals what was lost; runs on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.runtime.telemetry import logger
from sluice.tasks.reconciliation import plan_run
from sluice.wiring.submitting import submitting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Looks at the open tasks that are due and returns what was done."""
    services = submitting()
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    run = plan_run(services.clock.now_us(), remaining_seconds=remaining_seconds)
    oldest_seconds = services.reconciler.reconcile(run)
    counts = services.telemetry.publish("open tasks looked at", {"OldestOpenTaskAge": oldest_seconds})
    return {"oldestOpenTaskAgeSeconds": oldest_seconds, **counts}
