"""Takes tasks from the Activity and submits their jobs to Batch, for one round of the poller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice.pollers.chain import empty_rounds_allowed
from sluice.pollers.pool import plan_round
from sluice.pollers.request import read_poller_round
from sluice.runtime.telemetry import logger
from sluice.wiring.submitting import submitting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int | None]:
    """Works until the round is over or the Activity is empty; returns what was done, and how to go on."""
    asked, services = read_poller_round(event), submitting()
    round_ = plan_round(
        services.clock.now_us(),
        remaining_seconds=context.get_remaining_time_in_millis() / 1000,
        round_seconds=services.settings.round_seconds,
    )
    tasks = services.pollers.run(services.settings.poller_threads, round_)
    counts = services.telemetry.publish(f"round of slot {asked.slot} over")
    allowed = empty_rounds_allowed(services.settings, asked.slot, probe=asked.probe)
    return {"tasks": tasks, "emptyRoundsAllowed": allowed, **counts}
