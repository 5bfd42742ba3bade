"""The chain of executions that makes up one poller slot, and who may add its next link.

Every execution of slot s is named `slot-<s>-<n>`, n counting up. The one that continues starts
n + 1; whoever finds the chain ended starts n + 1 as well. As Step Functions refuses a name twice, at
most one of them succeeds, and no lock is needed.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.errors import AlreadyExistsError

if TYPE_CHECKING:
    from sluice.pollers.ports import PollerExecutions, PollerSlots
    from sluice.runtime.settings import Settings


def execution_name(slot: int, number: int) -> str:
    """Names an execution; statemachines/activity_poller.asl.json makes the same name."""
    return f"slot-{slot}-{number}"


def poller_input(slot: int, number: int, *, probe: bool) -> dict[str, Any]:
    """The input of a poller execution; a probe ends after one empty round."""
    return {"slot": slot, "number": number, "probe": probe, "emptyRounds": 0}


def empty_rounds_allowed(settings: Settings, slot: int, *, probe: bool) -> int | None:
    """After how many empty rounds the slot's poller ends: 0 is at once, None is never.

    It is asked after every round, so that a deployment with other parameters is heeded by pollers
    that run.
    """
    if slot >= settings.poller_count:
        return 0
    if settings.always_on:
        return None
    return 1 if probe else settings.max_empty_rounds


@dataclass(frozen=True)
class Wanted:
    """The slots that should have a poller, and whether it is only to look."""

    slots: range
    probe: bool


def wanted_pollers(settings: Settings, *, woken: bool) -> Wanted:
    """Says which pollers should run.

    Woken by work: all of them, until they have been idle for a while. By the schedule: all of them
    for ever if pollers are to be always on, otherwise one for a single probing round.
    """
    if woken or settings.always_on:
        return Wanted(range(settings.poller_count), probe=False)
    return Wanted(range(1), probe=True)


@dataclass(frozen=True)
class Chain:
    """Finds out whether a slot's poller runs, and starts it if not."""

    slots: PollerSlots
    executions: PollerExecutions

    def ensure(self, slot: int, *, probe: bool) -> bool:
        """Starts the slot's poller unless it runs; True if it was started."""
        known = self.slots.number(slot)
        number = known
        while (status := self.executions.status(execution_name(slot, number))) not in (None, "RUNNING"):
            number += 1
        started = status is None and self._start(slot, number, probe=probe)
        if number > known:
            self.slots.remember(slot, number)
        return started

    def _start(self, slot: int, number: int, *, probe: bool) -> bool:
        try:
            self.executions.start(execution_name(slot, number), poller_input(slot, number, probe=probe))
        except AlreadyExistsError:
            return False
        return True
