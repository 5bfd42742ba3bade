"""What the pollers need of the world: their slots and their executions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Slot:
    """What is remembered of a poller slot.

    Attributes:
        number: of its newest known execution; behind it at worst, never ahead.
        taken_at: when that number's name was found taken though no execution of it can be described, ms since
            the epoch; None if it was not.
        resting: the number of the execution that takes no more tasks, if one went to rest.
    """

    number: int = 0
    taken_at: int | None = None
    resting: int | None = None


class PollerSlots(Protocol):
    """Remembers how far each poller slot is."""

    def read(self, slot: int) -> Slot:
        """What was remembered last."""

    def wake(self, slot: int, now_ms: int) -> Slot:
        """Notes that there may be work, and returns what was remembered last."""

    def rest(self, slot: int, number: int, *, since_ms: int) -> bool:
        """Notes that an execution takes no more tasks; False if the slot was woken since that time."""

    def remember(self, slot: int, number: int) -> None:
        """Keeps the number if it is higher than the one that is known."""

    def mark_taken(self, slot: int, seen: Slot, number: int, now_ms: int) -> bool:
        """Keeps the number and that its name is taken; False if the slot is no longer as it was seen."""


class ActivityMetrics(Protocol):
    """What has been counted of the Activity's tasks."""

    def tasks_came(self, since_ms: int, now_ms: int) -> bool:
        """True if a task began to wait in this time; what is minutes old may not be known yet."""


class PollerExecutions(Protocol):
    """The executions of the activity poller's state machine."""

    def status(self, name: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None if there is no execution of this name."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Starts it, or finds it running with this input; raises AlreadyExistsError if the name is taken."""
