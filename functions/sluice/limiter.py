"""Hands the slots of a shared rate to the threads of one process."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from sluice.rate import MICROSECONDS

if TYPE_CHECKING:
    from sluice.ports import Clock, RateStore
    from sluice.rate import Limit

MAX_BLOCK: Final = 10
"""Slots a write at most: at 50 a second that is five writes a second."""

GRACE_US: Final = MICROSECONDS // 4
"""A slot that was not used within this time is thrown away, as late slots would add up to a burst."""


class Limiter:
    """One API's shared rate, as the threads of this process see it."""

    def __init__(self, api: str, *, limit: Limit, store: RateStore, clock: Clock) -> None:
        """Args: `api` names the rate item; the limiter is shared by all that use the same name and table."""
        self._api, self._limit, self._store, self._clock = api, limit, store, clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._count_lock = threading.Lock()
        self._due: deque[int] = deque()

    def wait(self, until_us: int | None = None) -> bool:
        """Returns True when the caller may make one call, False if that time would come after `until_us`."""
        self._change_waiting(1)
        try:
            with self._lock:
                due_us = self._next_slot()
        finally:
            self._change_waiting(-1)
        if until_us is not None and max(due_us, self._clock.now_us()) > until_us:
            return False
        self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS)
        return True

    def back_off(self) -> None:
        """Tells everybody that the API answered 429."""
        self._store.back_off(self._api, limit=self._limit, now_us=self._clock.now_us())

    def _next_slot(self) -> int:
        self._drop_late_slots()
        if not self._due:
            now_us = self._clock.now_us()
            block = min(MAX_BLOCK, max(1, self._waiting))
            taken = self._store.reserve(self._api, block, limit=self._limit, now_us=now_us)
            self._due.extend(max(due_us, now_us) for due_us in taken.due_us)
        return self._due.popleft()

    def _drop_late_slots(self) -> None:
        oldest = self._clock.now_us() - GRACE_US
        while self._due and self._due[0] < oldest:
            self._due.popleft()

    def _change_waiting(self, by: int) -> None:
        with self._count_lock:
            self._waiting += by
