"""Hands the slots of a shared rate to the threads of one process."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from sluice.errors import ThrottledError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.ports import Clock
    from sluice.rate.gcra import Limit
    from sluice.rate.ports import RateStore

Result = TypeVar("Result")

MAX_BLOCK: Final = 10
"""Slots a write at most: at 50 a second that is five writes a second."""

MAX_AHEAD_US: Final = MICROSECONDS
"""How far ahead slots are asked for when writes are slow; everybody else waits as long after such a write."""


class Limiter:
    """One API's shared rate, as the threads of this process see it."""

    def __init__(self, api: str, *, limit: Limit, store: RateStore, clock: Clock) -> None:
        """Args: `api` names the rate item; the limiter is shared by all that use the same name and table."""
        self._api, self._limit, self._store, self._clock = api, limit, store, clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._count_lock = threading.Lock()
        self._due: deque[int] = deque()
        self._ahead_us = 0

    def wait(self, until_us: int | None = None) -> bool:
        """Returns True when the caller may make one call, False if that time would come after `until_us`.

        A caller that is held up for too long gives its slot up and waits for another, as late calls would
        add up to a burst.
        """
        while True:
            due_us = self._take_slot()
            if until_us is not None and max(due_us, self._clock.now_us()) > until_us:
                return False
            self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS)
            if not self._is_late(due_us):
                return True

    def call(self, act: Callable[[], Result], until_us: int | None = None) -> Result:
        """Makes a call in a slot of the rate; one that is throttled lowers the rate and is made again.

        Raises:
            ThrottledError: no slot came before `until_us`.
        """
        while self.wait(until_us):
            try:
                return act()
            except ThrottledError:
                self.back_off()
        raise ThrottledError(f"no slot of {self._api}'s rate fell due in time")

    def back_off(self) -> None:
        """Tells everybody that the API answered 429."""
        self._store.back_off(self._api, limit=self._limit, now_us=self._clock.now_us())

    def _take_slot(self) -> int:
        self._change_waiting(1)
        try:
            with self._lock:
                return self._next_slot()
        finally:
            self._change_waiting(-1)

    def _next_slot(self) -> int:
        if not self._due:
            self._reserve(min(MAX_BLOCK, max(1, self._waiting)))
        return self._due.popleft()

    def _reserve(self, block: int) -> None:
        asked_us = self._clock.now_us()
        taken = self._store.reserve(self._api, block, limit=self._limit, now_us=asked_us + self._ahead_us)
        self._due.extend(taken.due_us)
        took_us = self._clock.now_us() - asked_us
        # slots that the answer brings too late would be given up for ever: the next ones fall due later
        self._ahead_us = min(took_us, MAX_AHEAD_US) if took_us > self._limit.spare_us else 0

    def _is_late(self, due_us: int) -> bool:
        return self._clock.now_us() > due_us + self._limit.usable_us

    def _change_waiting(self, by: int) -> None:
        with self._count_lock:
            self._waiting += by
