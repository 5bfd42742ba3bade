"""What the pollers need of the world: their slots and their executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class PollerSlots(Protocol):
    """Remembers the number of each poller slot's newest known execution; behind it at worst, never ahead."""

    def number(self, slot: int) -> int:
        """The number last remembered, 0 at first."""

    def remember(self, slot: int, number: int) -> None:
        """Keeps the number if it is higher than the one that is known."""


class PollerExecutions(Protocol):
    """The executions of the activity poller's state machine."""

    def status(self, name: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None if there is no execution of this name."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Starts it, or finds it running with this input; raises AlreadyExistsError if the name is taken."""
