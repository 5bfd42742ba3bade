"""Takes tasks from the Activity and submits their jobs to Batch, for one round of the poller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.pollers.hand import BRIEF
from sluice.pollers.idleness import RESTING
from sluice.pollers.pool import Outcome, plan_round
from sluice.pollers.request import read_poller_round
from sluice.runtime.telemetry import logger
from sluice.wiring.submitting import submitting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.pollers.pool import Round
    from sluice.pollers.request import PollerRound
    from sluice.wiring.submitting import SubmittingWiring

BRIEF_SECONDS: Final = 1
"""A probe begins polls for so long: once. What it finds it submits, and the next round is a full one."""


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, int | None]:
    """Works until the round is over or the Activity is empty; returns what was done, and how to go on."""
    asked, services = read_poller_round(event), submitting()
    began_ms = services.clock.now_ms()
    if services.idleness.rests(asked):
        outcome, verdict = Outcome(0), RESTING
    else:
        crew = services.crew(asked.slot)
        crew = crew.at_most(BRIEF) if asked.brief else crew
        outcome = services.pollers.run(crew, _round(services, context, asked))
        verdict = services.idleness.after(asked, outcome, began_ms)
    counts = services.telemetry.publish(f"round of slot {asked.slot} over")
    going_on = {"emptyRounds": verdict.empty_rounds, "emptyRoundsAllowed": verdict.allowed}
    return {"tasks": outcome.tasks, **going_on, **counts}


def _round(services: SubmittingWiring, context: LambdaContext, asked: PollerRound) -> Round:
    return plan_round(
        services.clock.now_us(),
        remaining_seconds=context.get_remaining_time_in_millis() / 1000,
        round_seconds=BRIEF_SECONDS if asked.brief else services.settings.round_seconds,
    )
