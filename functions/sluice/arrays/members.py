"""Whose task a child of an array is, and which job a task's place in an array means."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.arrays.ports import Array, ArrayStore
    from sluice.tasks.model import Place

REMEMBERED: Final = 200
"""Arrays whose members a process remembers; they never change."""


@dataclass(frozen=True)
class ArrayMembers:
    """Reads arrays, from a table that it asks for when it is needed; implements tasks.ports.Arrays."""

    store: Callable[[], ArrayStore]
    _known: OrderedDict[str, Array] = field(default_factory=OrderedDict)

    def member(self, place: Place) -> tuple[str, str] | None:
        """The key of the task whose job is this child, and the job's name in it; None if there is none."""
        array = self._remembered(place.array_id)
        key = array.keys.get(place.index) if array else None
        return (key, array.job_name) if array and key else None

    def child_id(self, place: Place, look_up: Callable[[str, str], str | None]) -> str | None:
        """The id of the job at a task's place; None if its array was never submitted.

        The first who asks looks the array up by its name, once for all of its members.

        Args:
            place: of a task whose poller must have let go of it.
            look_up: finds a job by its queue and name.
        """
        array = self.store().read(place.array_id)
        if array is None or array.dissolved:
            return None
        if array.job_id is None:
            found = look_up(array.job_queue, array.batch_name)
            array = self.store().decide(place.array_id, found)
        return f"{array.job_id}:{place.index}" if array and array.job_id else None

    def ended(self, array_id: str, now_ms: int) -> int:
        """Notes the end of an array in those of its tasks that are open, which are asked about soon.

        Returns:
            How many they are.
        """
        array = self._remembered(array_id)
        return self.store().note_ended(array, now_ms) if array else 0

    def _remembered(self, array_id: str) -> Array | None:
        array = self._known.get(array_id) or self.store().read(array_id)
        if array is not None:
            self._known[array_id] = array
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return array
