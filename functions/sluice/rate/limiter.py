"""Hands the slots of a shared rate to the threads of one process."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from sluice.errors import NoSlotError, ServiceError, ThrottledError
from sluice.rate import gcra
from sluice.rate.gcra import AHEAD_SECONDS, MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.ports import Clock
    from sluice.rate.gcra import Limit, RateState, Reservation
    from sluice.rate.ports import RateStore

Result = TypeVar("Result")

MAX_AHEAD_US: Final = MICROSECONDS
"""How far ahead slots are asked for when writes are slow; everybody else waits as long after such a write."""

AGAIN_SECONDS: Final = 1
"""How long a caller waits before it asks again for a slot that still lies too far ahead."""

ALONE_SECONDS: Final = 30
"""How long a limiter that may do without the rate table does so after the table failed; a client that repeats
its calls needs as long to find out again."""


class Limiter:
    """One API's shared rate, as the threads of this process see it."""

    def __init__(
        self, api: str, *, limit: Limit, store: RateStore, clock: Clock, goes_on_alone: bool = False
    ) -> None:
        """Makes the limiter of an API; nothing is asked yet.

        Args:
            api: names the rate item; the limiter is shared by all that use the same name and table.
            limit: what is allowed.
            store: the rate table.
            clock: the time.
            goes_on_alone: a rate table that fails stops no call; this process keeps to the rate by itself.
        """
        self._api, self._limit, self._store, self._clock = api, limit, store, clock
        self._goes_on_alone, self._alone_until_us = goes_on_alone, 0
        self._own: RateState | None = None
        self._lock = threading.Lock()
        self._waiting = 0
        self._count_lock = threading.Lock()
        self._due: deque[int] = deque()
        self._turn_us = 0
        self._ahead_us = 0
        self._rate_per_second = limit.rate_per_second

    @property
    def rate_per_second(self) -> float:
        """The shared rate, as it was when slots were last taken."""
        return self._rate_per_second

    def wait(self, until_us: int | None = None) -> bool:
        """Returns True when the caller may make one call, False if that time would come after `until_us`."""
        return self.slot(until_us) is not None

    def slot(self, until_us: int | None = None) -> int | None:
        """Returns, as `wait`, when the caller may make one call: the time since when its slot is due.

        A caller that is held up for too long gives its slot up and waits for another, as late calls would
        add up to a burst.
        """
        while True:
            due_us = self._take_slot(until_us)
            if due_us is None or (until_us is not None and max(due_us, self._clock.now_us()) > until_us):
                return None
            self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS)
            if not self.is_late(due_us):
                return due_us

    def call(self, act: Callable[[], Result], until_us: int | None = None) -> Result:
        """Makes a call in a slot of the rate; one that is throttled lowers the rate and is made again.

        Raises:
            NoSlotError: no slot came before `until_us`.
        """
        while self.wait(until_us):
            try:
                return act()
            except ThrottledError:
                self.back_off()
        raise NoSlotError(f"no slot of {self._api}'s rate fell due in time")

    def back_off(self) -> None:
        """Tells everybody that the API answered 429."""
        try:
            self._store.back_off(self._api, limit=self._limit, now_us=self._clock.now_us())
        except ServiceError:
            if not self._goes_on_alone:
                raise

    def _take_slot(self, until_us: int | None) -> int | None:
        """Takes a slot; None if there is none before `until_us`, and then none is used up."""
        self._change_waiting(1)
        try:
            while True:
                soon_us = self._clock.now_us() + AHEAD_SECONDS * MICROSECONDS
                latest_us = soon_us if until_us is None else min(soon_us, until_us)
                with self._lock:
                    due_us = self._next_slot(latest_us)
                if due_us is not None:
                    return due_us
                again_us = self._turn_us if self._is_anothers_turn() else latest_us
                if again_us >= latest_us == until_us:
                    return None
                again_us = min(again_us, self._clock.now_us() + AGAIN_SECONDS * MICROSECONDS)
                self._clock.sleep((again_us - self._clock.now_us()) / MICROSECONDS)
        finally:
            self._change_waiting(-1)

    def _next_slot(self, latest_us: int) -> int | None:
        """The next slot if it falls due by then."""
        if not self._due and not self._is_anothers_turn():
            self._reserve(min(self._limit.block, max(1, self._waiting)), latest_us)
        return self._due.popleft() if self._due and self._due[0] <= latest_us else None

    def _is_anothers_turn(self) -> bool:
        """True while this process has a block of slots ahead that does not begin soon.

        Without that a process with many threads would have as many slots ahead, and who has few would get
        few.
        """
        return self._clock.now_us() < self._turn_us

    def _reserve(self, block: int, latest_us: int) -> None:
        asked_us = self._clock.now_us()
        taken = self._ask(block, asked_us + self._ahead_us, latest_us)
        self._due.extend(taken.due_us if taken else ())
        self._turn_us = taken.start_us - self._limit.lead_us if taken else 0
        if taken:
            self._rate_per_second = MICROSECONDS / taken.gap_us
        took_us = self._clock.now_us() - asked_us
        # slots that the answer brings too late would be given up for ever: the next ones fall due later
        self._ahead_us = min(took_us, MAX_AHEAD_US) if took_us > self._limit.spare_us else 0

    def _ask(self, block: int, now_us: int, latest_us: int) -> Reservation | None:
        if now_us >= self._alone_until_us:
            try:
                return self._store.reserve(
                    self._api, block, limit=self._limit, now_us=now_us, until_us=latest_us
                )
            except ServiceError:
                if not self._goes_on_alone:
                    raise
            now_us = self._clock.now_us()
            self._alone_until_us = now_us + ALONE_SECONDS * MICROSECONDS
        own = self._own or gcra.fresh(now_us, self._limit)
        self._own, taken = gcra.reserve(own, block, now_us=now_us, limit=self._limit)
        return taken

    def is_late(self, due_us: int) -> bool:
        """Says whether a slot has been due for so long that no call may be made in it any more."""
        return self._clock.now_us() > due_us + self._limit.usable_us

    def _change_waiting(self, by: int) -> None:
        with self._count_lock:
            self._waiting += by
