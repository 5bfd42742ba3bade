"""Waiting that ends at once when the run is to end."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from accept.errors import StoppedError, TooLateError

T = TypeVar("T")
PATIENCE_SECONDS: Final = 600.0
"""Fargate takes one to two minutes to start a container; everything else is quicker."""


class Clock:
    """The time, and pauses. Any thread may use it.

    Args:
        look_seconds: between two looks at what is awaited.
    """

    def __init__(self, look_seconds: float) -> None:
        self._look_seconds = look_seconds
        self._ended = threading.Event()

    def end(self) -> None:
        """Wake everyone who waits, with a StoppedError."""
        self._ended.set()

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: the run is to end.
        """
        if self._ended.wait(seconds):
            raise StoppedError

    def until(self, probe: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
        """Return the first true answer of `probe`.

        Raises:
            TooLateError: none came in time; the message says what was awaited.
            StoppedError: the run is to end.
        """
        deadline = time.monotonic() + seconds
        while not (answer := probe()):
            if time.monotonic() > deadline:
                raise TooLateError(f"no {what} within {seconds:g} s")
            self.pause(self._look_seconds)
        return answer
