"""What the stack's tasks may use, asked again while it may have grown."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sluice.errors import ServiceError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from sluice.ports import Clock

AGAIN_SECONDS: Final = 1
"""Bounds that were asked for so long ago are asked for again for what is not within them: a deployment may
have widened them, and a poller outlives deployments."""


@dataclass
class AskedBounds(ABC):
    """Bounds that somebody else keeps; implements contract.Bounds. Threads may share them.

    While they cannot be read, or name nothing, everything is taken to be within them. A task's intent waits
    for the answer, so that one thread asks for all of them, once and briefly (`clients.events`).
    """

    clock: Clock
    _known: tuple[str, ...] = ()
    _is_answered: bool = False
    _asked_us: int | None = None
    _lock: threading.Lock = field(init=False)

    def __post_init__(self) -> None:
        """Nobody asks yet."""
        self._lock = threading.Lock()

    def instead_of(self, name: str) -> tuple[str, ...]:
        """Reads the bounds when it is asked first, and again for what was not within them."""
        if self.has(name, self._known):
            return ()
        with self._lock:
            if not self._is_fresh():
                self._ask()
            return () if not self._is_answered or self.has(name, self._known) else self._known

    @abstractmethod
    def has(self, name: str, known: tuple[str, ...]) -> bool:
        """Whether a name is within bounds."""

    @abstractmethod
    def read(self) -> tuple[str, ...]:
        """The bounds as they are now; raises ServiceError."""

    def _ask(self) -> None:
        try:
            self._known, self._is_answered = self.read(), True
        except ServiceError:
            self._is_answered = False
        self._asked_us = self.clock.now_us()

    def _is_fresh(self) -> bool:
        asked_us = self._asked_us
        return asked_us is not None and self.clock.now_us() < asked_us + AGAIN_SECONDS * MICROSECONDS
