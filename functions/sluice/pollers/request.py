"""Reads what the activity poller's state machine hands to submit_jobs; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sluice.events import InvalidEventError
from sluice.schema import Fields, Flag, Whole

_ROUND = Fields({"slot": Whole(0, 99), "probe": Flag()}, required=("slot", "probe"), others=True)


@dataclass(frozen=True)
class PollerRound:
    """What a poller's execution asks for: a round of its slot, a probe or not."""

    slot: int
    probe: bool


def read_poller_round(event: Any) -> PollerRound:
    """Reads what invokes submit_jobs; other fields are passed over.

    Raises:
        InvalidEventError: names the field, what it holds and what is allowed.
    """
    for complaint in _ROUND.complaints("", event):
        raise InvalidEventError(f"{complaint}; statemachines/activity_poller.asl.json gives it")
    return PollerRound(slot=event["slot"], probe=event["probe"])
