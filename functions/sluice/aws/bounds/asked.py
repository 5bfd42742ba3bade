"""What the stack's tasks may use, asked again while it may have grown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.errors import ServiceError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from sluice.ports import Clock

AGAIN_SECONDS: Final = 1
"""Bounds that were read so long ago are read again for what is not within them: a deployment may have
widened them, and a poller outlives deployments."""


@dataclass
class AskedBounds(ABC):
    """Bounds that somebody else keeps; implements contract.Bounds. Threads may share them.

    While they cannot be read, or name nothing, everything is taken to be within them.
    """

    clock: Clock
    _known: tuple[str, ...] = ()
    _read_us: int | None = None

    def instead_of(self, name: str) -> tuple[str, ...]:
        """Reads the bounds when it is asked first, and again for what was not within them."""
        if not self.has(name, self._known) and not self._is_fresh():
            try:
                self._known = self.read()
            except ServiceError:
                return ()
            self._read_us = self.clock.now_us()
        return () if self.has(name, self._known) else self._known

    @abstractmethod
    def has(self, name: str, known: tuple[str, ...]) -> bool:
        """Whether a name is within bounds."""

    @abstractmethod
    def read(self) -> tuple[str, ...]:
        """The bounds as they are now; raises ServiceError."""

    def _is_fresh(self) -> bool:
        read_us = self._read_us
        return read_us is not None and self.clock.now_us() < read_us + AGAIN_SECONDS * MICROSECONDS
