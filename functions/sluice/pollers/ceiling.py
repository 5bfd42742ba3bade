"""How many tasks may be open: beyond that pollers take no more, as heartbeats would come too late."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from sluice.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.ports import Clock, Telemetry

COUNT_SECONDS: Final = 10
"""Open tasks are counted no more often than this."""

TASKS_PER_SECOND: Final = 500
"""As many are handed out in most Regions: before there can be too many, nobody need count again.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


class Ceiling:
    """Holds polls back while too many tasks are open. Safe for threads.

    Tasks that are not taken wait in the Activity, where neither a heartbeat nor a timeout is due for them:
    https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """

    def __init__(self, most: int, count: Callable[[], int], telemetry: Telemetry, clock: Clock) -> None:
        """Counts nothing yet.

        Args:
            most: tasks that may be open.
            count: says how many are; raises ServiceError.
            telemetry: hears of counts that found as many, and of those that failed.
            clock: the time.
        """
        self._most, self._count, self._telemetry, self._clock = most, count, telemetry, clock
        self._lock = threading.Lock()
        self._again_ms = 0
        self._reached = False

    def hold(self, seconds_left: Callable[[], float]) -> bool:
        """Waits while too many tasks are open and the round is not over; True if it had to wait."""
        waited = False
        while seconds_left() > 0 and self._is_reached():
            waited = True
            self._clock.sleep(COUNT_SECONDS)
        return waited

    def _is_reached(self) -> bool:
        with self._lock:
            now_ms = self._clock.now_ms()
            if now_ms >= self._again_ms:
                self._again_ms = now_ms + round(self._look() * 1000)
            return self._reached

    def _look(self) -> float:
        """Counts, and says after how many seconds to count again; one that fails changes nothing."""
        try:
            free = self._most - self._count()
        except ServiceError:
            self._telemetry.count("OpenTasksUncounted")
            return COUNT_SECONDS
        self._reached = free <= 0
        self._telemetry.count("MaxOpenTasksReached", int(self._reached))
        return max(COUNT_SECONDS, free / TASKS_PER_SECOND)
