"""The chain of executions that makes up one poller slot, and who may add its next link.

Every execution of slot s is named `slot-<s>-<n>`, n counting up. The one that continues starts
n + 1; whoever finds the chain ended starts n + 1 as well. As Step Functions refuses a name twice, at
most one of them succeeds, and no lock is needed.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

A name may be taken though its execution cannot be described: an older stack of the same name had it. Such
names are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.errors import AlreadyExistsError
from sluice.events import is_look, is_wake_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.pollers.ports import PollerExecutions, PollerSlots, Slot
    from sluice.ports import Clock
    from sluice.runtime.settings import Settings

TAKEN_SECONDS: Final = 60
"""How long a name must have been taken before it is passed over: twice as long as ensure_pollers may run, and
far longer than DescribeExecution, which is eventually consistent, does not know an execution that runs.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

MAX_HOPS: Final = 20
"""Each goes twice as far as the one before: a million names in all."""


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


def wanted_pollers(settings: Settings, event: Any, found_nothing: Callable[[], bool]) -> Wanted:
    """Says which pollers should run.

    Woken by work: all of them, until they have been idle for a while. By a schedule: all of them for ever if
    pollers are to be always on; otherwise none after a look that found nothing, and one for a single probing
    round if it found tasks, as somebody may have taken them, or if nobody looked.

    Args:
        settings: the stack's.
        event: what invoked ensure_pollers: records of a queue are wake-up calls.
        found_nothing: looks at the Activity's metrics.
    """
    if is_wake_up(event) or settings.always_on:
        return Wanted(range(settings.poller_count), probe=False)
    return Wanted(range(0 if is_look(event) and found_nothing() else 1), probe=True)


@dataclass(frozen=True)
class Chain:
    """Finds out whether a slot's poller runs, and starts it if not."""

    slots: PollerSlots
    executions: PollerExecutions
    clock: Clock

    def ensure(self, slot: int, *, probe: bool) -> bool:
        """Starts the slot's poller unless it runs; True if it was started.

        One that has gone to rest takes no more tasks, although it may run for a moment yet.
        """
        seen = self.slots.read(slot) if probe else self.slots.wake(slot, self.clock.now_ms())
        newest, status = self._newest(slot, seen.number)
        is_running = status == "RUNNING" and newest != seen.resting
        number = newest if status is None or is_running else newest + 1
        started = not is_running and self._start(slot, number, probe=probe)
        if not is_running and not started and self._status(slot, number) is None:
            return self._pass_over(slot, seen, number, probe=probe)
        if number > seen.number:
            self.slots.remember(slot, number)
        return started

    def _newest(self, slot: int, known: int) -> tuple[int, str | None]:
        """The newest execution from a known number on, and its status; None if that number has none.

        Numbers have no gaps, so that steps that double and then halve find the last one of a thousand in
        twenty looks. The one that runs is the newest.
        """
        newest, status = known, self._status(slot, known)
        step, doubling = 1, True
        while step and status not in {None, "RUNNING"}:
            further = self._status(slot, newest + step)
            if further is None:
                doubling = False
            else:
                newest, status = newest + step, further
            step = step * 2 if doubling else step // 2
        return newest, status

    def _pass_over(self, slot: int, seen: Slot, number: int, *, probe: bool) -> bool:
        """Goes beyond names that are taken by executions that nobody can describe; True if one was started.

        Somebody may have started an execution of this name just now, so that it is only noted at first. After
        that, one alone may go beyond.
        """
        now_ms = self.clock.now_ms()
        taken_at = seen.taken_at if seen.number == number else None
        may_pass = taken_at is not None and now_ms - taken_at >= TAKEN_SECONDS * 1000
        if (taken_at is not None and not may_pass) or not self.slots.mark_taken(slot, seen, number, now_ms):
            return False
        for hop in range(MAX_HOPS if may_pass else 0):
            number += 2**hop
            started = self._start(slot, number, probe=probe)
            if started or self._status(slot, number) is not None:
                self.slots.remember(slot, number)
                return started or self.ensure(slot, probe=probe)
        return False

    def _status(self, slot: int, number: int) -> str | None:
        return self.executions.status(execution_name(slot, number))

    def _start(self, slot: int, number: int, *, probe: bool) -> bool:
        try:
            self.executions.start(execution_name(slot, number), poller_input(slot, number, probe=probe))
        except AlreadyExistsError:
            return False
        return True
