"""In-memory implementations of what arrays need of the world."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sluice.arrays.ports import Array
from sluice.arrays.shape import array_name
from sluice.tasks.model import Place, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice.arrays.groups import Member
    from tests.support.fakes import MemoryTaskStore


@dataclass
class MemoryArrayStore:
    """The arrays of a task table in memory."""

    tasks: MemoryTaskStore
    arrays: dict[str, Array] = field(default_factory=dict)

    def seal(self, array_id: str, members: Sequence[Member], now_ms: int) -> list[Member]:
        assert now_ms > 0
        with self.tasks.lock:
            held = [member for member in members if self._is_its_owners(member)]
            if array_id in self.arrays:
                return []
            if len(held) < 2:
                return held
            shape = held[0].row.shape
            self.arrays[array_id] = Array(
                array_id,
                shape.job_queue,
                array_name(shape.job_name, array_id),
                shape.job_name,
                {index: member.record.task.key for index, member in enumerate(held)},
            )
            for index, member in enumerate(held):
                token = member.record.task.token
                self.tasks.records[token] = replace(self.tasks.records[token], place=Place(array_id, index))
            return held

    def read(self, array_id: str) -> Array | None:
        return self.arrays.get(array_id)

    def decide(self, array_id: str, job_id: str | None) -> Array | None:
        with self.tasks.lock:
            array = self.arrays.get(array_id)
            if array is not None and array.job_id is None and not array.dissolved:
                array = self.arrays[array_id] = replace(array, job_id=job_id, dissolved=job_id is None)
            return array

    def note_ended(self, array: Array, now_ms: int) -> int:
        with self.tasks.lock:
            records = [self.tasks.read(key) for key in array.keys.values()]
            is_open = [record for record in records if record and record.state is TaskState.OPEN]
            for record in is_open:
                if record.place is None or record.place.array_id != array.array_id:
                    continue
                ended_at = record.array_ended_at or now_ms
                self.tasks.records[record.task.token] = replace(record, array_ended_at=ended_at)
            return len(is_open)

    def _is_its_owners(self, member: Member) -> bool:
        now = self.tasks.records.get(member.record.task.token)
        if now is None or now.state is not TaskState.OPEN or now.heartbeat_at != member.record.heartbeat_at:
            return False
        return now.jobs[member.row.shape.job_name].job_id is None


@dataclass
class FakeLaunches:
    """What queues run on; `fargate` names those that run on Fargate."""

    fargate: set[str] = field(default_factory=set)

    def outpace_submissions(self, job_queue: str) -> bool:
        return job_queue not in self.fargate
