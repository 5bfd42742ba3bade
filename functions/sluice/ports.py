"""What every part of Sluice needs of its surroundings, as Protocols.

What one part alone needs is in `tasks.ports`, `cohorts.ports`, `pollers.ports` and `rate.ports`. The adapters
in `sluice.aws` and `sluice.runtime` and the in-memory fakes of the tests implement them.
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

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Waits; a number below zero does not."""


class Telemetry(Protocol):
    """Where an operator watches counts and reads what went wrong; a token never gets there."""

    def count(self, name: str, value: int = 1) -> None:
        """Adds to a count."""

    def task_left(self, key: str, error: Exception) -> None:
        """Says that a task was left to the reconciler's next run."""

    def poll_failed(self, error: ServiceError) -> None:
        """Says that a long poll failed."""

    def look_failed(self, error: ServiceError) -> None:
        """Says that CloudWatch did not say whether tasks came."""

    def jobs_not_described(self, jobs: int, error: ServiceError) -> None:
        """Says that Batch gave no answer about so many jobs, which are asked about again later."""

    def sample_left(self, cohort: str, sample: str, error: ServiceError) -> None:
        """Says that a sample was left to the reconciler's next run."""

    def ends_left(self, cohort: str, ends: int, error: ServiceError) -> None:
        """Says that so many ends of samples were not counted, and that their events come again."""


class Workers(Protocol):
    """Workers that share one line of work."""

    def each(self, items: Iterator[Item], act: Callable[[Item], None]) -> None:
        """Acts on every item, several at a time; returns when all are done."""
