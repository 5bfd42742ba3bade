"""What those judges share that watch the calls of a round and the answers to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.invariants import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.kernel.world import Process
    from tests.simulation.stack import Stack


@dataclass
class WatchingJudge(ABC):
    """Hears of each call and of each answer.

    Attributes:
        stack: what is watched.
        found: what did not hold.
    """

    stack: Stack
    found: list[Violation] = field(default_factory=list, kw_only=True)

    def begin(self) -> None:
        """Starts to watch."""
        self.stack.watchers.append(self._called)
        self.stack.network.hearers.append(self._heard)

    def verdict(self) -> list[Violation]:
        """All that did not hold."""
        return list(dict.fromkeys(self.found))

    @abstractmethod
    def _called(self, operation: str, request: Mapping[str, Any], process: Process) -> None:
        """Hears of a call before it is made."""

    @abstractmethod
    def _heard(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Hears of an answer, in the thread that gets it."""

    def _find(self, invariant: str, about: str) -> None:
        self.found.append(Violation(invariant, about))
        self.stack.world.say(f"VIOLATION: {invariant}: {about}")
