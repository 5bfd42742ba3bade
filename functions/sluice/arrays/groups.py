"""Group commit on the slots of SubmitJob's rate: who waits for a slot, and who goes along.

The first task of a shape waits for a slot, as any task does. While it waits, others of the shape join it.
When the slot falls due, all that are there go with it. So nobody waits for a group to fill up, and groups of
more than one form only where there is a wait.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sluice.arrays.shape import fits
from sluice.tasks.model import Submitted, Turn

if TYPE_CHECKING:
    from sluice.arrays.shape import Row, Shape
    from sluice.tasks.model import TaskRecord


@dataclass(frozen=True, eq=False)
class Member:
    """A task that is ready to be submitted, alone or with others.

    Attributes:
        record: the task, as its owner last looked at it.
        row: what is its own, and the shape that it shares.
        until_us: its job is submitted by then, or by its next owner.
    """

    record: TaskRecord
    row: Row
    until_us: int


Answer = Submitted | Turn | Exception
"""What becomes of a member; an error is one that it raises."""


@dataclass(eq=False)
class Group:
    """Tasks of one shape, the first of which waits for a slot for all."""

    shape: Shape
    members: list[Member]
    answers: dict[Member, Answer] = field(default_factory=dict)
    is_settled: bool = False


class Groups:
    """The groups of one process that may still grow, one a shape. Safe for threads."""

    def __init__(self) -> None:
        """There are none yet."""
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._open: dict[Shape, Group] = {}

    def join(self, member: Member) -> tuple[Group, bool]:
        """Joins the open group of the member's shape if there is room, else opens one.

        Returns:
            The group, and whether the member leads it: then it must call `close` and `settle`.
        """
        shape = member.row.shape
        with self._lock:
            group = self._open.get(shape)
            if group is not None and fits([each.row for each in (*group.members, member)]):
                group.members.append(member)
                return group, False
            group = self._open[shape] = Group(shape, [member])
            return group, True

    def close(self, group: Group) -> list[Member]:
        """Ends a group's growth; returns who goes, its leader first."""
        with self._lock:
            if self._open.get(group.shape) is group:
                del self._open[group.shape]
            return list(group.members)

    def settle(self, group: Group, answers: dict[Member, Answer]) -> None:
        """Tells the members of a group what becomes of them: `AGAIN` where nothing is said."""
        self.close(group)
        with self._lock:
            group.answers.update(answers)
            group.is_settled = True
            self._settled.notify_all()

    def answer(self, group: Group, member: Member) -> Answer:
        """Waits until the group is settled."""
        with self._lock:
            while not group.is_settled:
                self._settled.wait()
            return group.answers.get(member, Turn.AGAIN)
