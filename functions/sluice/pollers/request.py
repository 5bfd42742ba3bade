"""Reads what the activity poller's state machine hands to submit_jobs; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sluice.events import InvalidEventError
from sluice.schema import Fields, Flag, Whole

_ROUND = Fields(
    {"slot": Whole(0, 99), "number": Whole(0), "probe": Flag(), "emptyRounds": Whole(0), "brief": Flag()},
    required=("slot", "probe"),
    others=True,
)


@dataclass(frozen=True)
class PollerRound:
    """What a poller's execution asks for: a round of its slot, a probe or not.

    Attributes:
        number: of the execution; None if it was started by a former version, which does not tell.
        empty_rounds: in a row before this one.
        brief: it asks once, with few polls, as it runs in a small function. A former version's probes do not.
    """

    slot: int
    probe: bool
    number: int | None = None
    empty_rounds: int = 0
    brief: bool = False


def read_poller_round(event: Any) -> PollerRound:
    """Reads what invokes submit_jobs; other fields are passed over.

    Raises:
        InvalidEventError: names the field, what it holds and what is allowed.
    """
    for complaint in _ROUND.complaints("", event):
        raise InvalidEventError(f"{complaint}; statemachines/activity_poller.asl.json gives it")
    return PollerRound(
        event["slot"],
        event["probe"],
        event.get("number"),
        event.get("emptyRounds", 0),
        event.get("brief", False),
    )
