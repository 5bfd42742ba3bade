"""Starts the executions of a cohort's samples, as far as one invocation comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.request import read_start_request
from sluice.deadline import until_us
from sluice.runtime.telemetry import logger
from sluice.wiring.starting import starting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sluice.cohorts.starter import Progress

SPARE_SECONDS: Final = 30
"""What is left of the function's time when the last samples start: a call may take ten seconds."""


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Starts samples until all are started, the time is up or the cohort is cancelled."""
    services = starting()
    now_us = services.clock.now_us()
    request = read_start_request(event, now_ms=now_us // 1000)
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    until = until_us(now_us, remaining_seconds=remaining_seconds, spare_seconds=SPARE_SECONDS)
    progress = services.starter.run(request, until)
    services.telemetry.publish(f"samples of cohort {request.cohort} started")
    return answer(progress)


def answer(progress: Progress) -> dict[str, Any]:
    """What the cohort's state machine goes by, and what a person reads as its output."""
    cohort = progress.cohort
    return {
        "cohort": cohort.name,
        "done": progress.done,
        "cancelled": progress.cancelled,
        "started": cohort.started,
        "total": cohort.total,
        "counts": {status.value: number for status, number in cohort.counts.items()},
    }
