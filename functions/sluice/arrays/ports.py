"""What arrays need of the world: their items in the task table, and what queues run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.arrays.groups import Member


@dataclass(frozen=True)
class Array:
    """An array as the task table keeps it.

    Attributes:
        array_id: its id in the table.
        job_queue: where its job is.
        batch_name: the name of its job.
        job_name: what its children are called in their tasks.
        keys: of its members, by their indices.
        job_id: of the array's job, once somebody had to look for it; None if nobody had to.
        dissolved: nobody found such a job: there is none.
    """

    array_id: str
    job_queue: str
    batch_name: str
    job_name: str
    keys: Mapping[int, str]
    job_id: str | None = None
    dissolved: bool = False


class ArrayStore(Protocol):
    """The arrays, in the task table."""

    def seal(self, array_id: str, members: Sequence[Member], now_ms: int) -> list[Member]:
        """Writes an array, and into each member's task its place, all at once, before it is submitted.

        Returns:
            The members in the order of their indices: those whose tasks are still their owner's. If that is
            one, nothing is written.
        """

    def read(self, array_id: str) -> Array | None:
        """The array as it is now; None if there is none."""

    def decide(self, array_id: str, job_id: str | None) -> Array | None:
        """Notes, once for all, the job of an array, or that it has none; returns what is noted."""

    def note_ended(self, array: Array, now_ms: int) -> int:
        """Notes in the tasks of an array that are still open that it has ended; returns how many they are."""


class Launches(Protocol):
    """What starts the jobs of a queue."""

    def outpace_submissions(self, job_queue: str) -> bool:
        """True if jobs of the queue may start faster than SubmitJob takes them: it does not run on Fargate.

        False while nobody can say.
        """
