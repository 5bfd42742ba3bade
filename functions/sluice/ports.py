"""What Sluice needs of the world: Batch, Step Functions, its tables and a clock, as Protocols.

The adapters in `sluice.aws` and the in-memory fakes of the tests implement them. The error classes
say what an answer means to the caller, whatever service it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sluice.errors import ServiceError

Item = TypeVar("Item")


class Clock(Protocol):
    """Time, as an argument."""

    def now_us(self) -> int:
        """Microseconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Waits; a number below zero does not."""


class Figures(Protocol):
    """Where counts go that a person watches."""

    def count(self, name: str, value: int = 1) -> None:
        """Adds to a count."""


class Reporter(Protocol):
    """Where an operator reads what went wrong; a token never gets there."""

    def task_left(self, token: str, error: Exception) -> None:
        """Says that a task was left to the next look of the reconciler."""

    def poll_failed(self, error: ServiceError) -> None:
        """Says that a long poll failed."""

    def jobs_not_described(self, jobs: int, error: ServiceError) -> None:
        """Says that Batch gave no answer about so many jobs, which are asked about again later."""


class Workers(Protocol):
    """Workers that share one line of work."""

    def each(self, items: Iterator[Item], act: Callable[[Item], None]) -> None:
        """Acts on every item, several at a time; returns when all are done."""
