"""Submits tasks of one shape together while they have to wait for a slot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sluice.arrays.groups import Groups, Member
from sluice.arrays.shape import array_id_of, array_request, row_of
from sluice.errors import RejectedError, ServiceError, ThrottledError, UnclearError, is_denial, is_refusal
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks.model import Submitted, Turn
from sluice.tasks.submission import LOOK_SECONDS, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sluice.arrays.groups import Answer, Group
    from sluice.arrays.ports import ArrayStore, Launches
    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.job_finder import JobFinder
    from sluice.tasks.model import TaskRecord
    from sluice.tasks.ports import Batch


@dataclass(frozen=True)
class ArraySender:
    """Lets tasks of one shape share a slot; implements tasks.ports.Together. Safe for threads.

    An array is sealed in the task table before it is submitted: from then on every later owner of one of its
    tasks finds the array's job by its name before it submits anything. Only its leader submits it, and only
    while all of its tasks are their poller's.
    """

    batch: Batch
    store: ArrayStore
    launches: Launches
    limiter: Limiter
    finder: JobFinder
    telemetry: Telemetry
    clock: Clock
    groups: Groups = field(default_factory=Groups)

    def submit(
        self, record: TaskRecord, until_us: int, take_slot: Callable[[], int | None]
    ) -> Submitted | Turn:
        """Joins tasks of the same shape that wait, or waits for a slot for all who join meanwhile."""
        row = row_of(record.task)
        if row is None or not self.launches.outpace_submissions(row.shape.job_queue):
            return Turn.ALONE
        member = Member(record, row, until_us)
        while True:
            group, leads = self.groups.join(member)
            if leads:
                self._lead(group, member, take_slot)
            answer = self.groups.answer(group, member)
            if isinstance(answer, Exception):
                raise answer
            if answer is not Turn.AGAIN:
                return answer

    def _lead(self, group: Group, leader: Member, take_slot: Callable[[], int | None]) -> None:
        """Waits for a slot and uses it for all; whatever happens, nobody waits for this any longer."""
        answers: dict[Member, Answer] = {}
        try:
            due_us = take_slot()
            going = self.groups.close(group)
            if due_us is None:
                answers = {leader: Turn.LEFT}
            elif len(going) == 1:
                answers = {leader: Turn.SLOT}
            else:
                answers = self._send(going, due_us)
        except ServiceError as error:
            answers = dict.fromkeys(self.groups.close(group), error)
        finally:
            self.groups.settle(group, answers)

    def _send(self, going: Sequence[Member], due_us: int) -> dict[Member, Answer]:
        """Seals an array of these members and submits it."""
        now_us = self.clock.now_us()
        in_time = [member for member in going if now_us <= member.until_us]
        array_id = array_id_of(going[0].record.task.key, now_us)
        held = self.store.seal(array_id, in_time, now_us // 1000) if len(in_time) > 1 else in_time
        answers: dict[Member, Answer] = {member: Turn.LEFT for member in going if member not in held}
        if len(held) <= 1:  # the one that is left was looked at when it joined, and waits once more
            return answers
        until_us = min(now_us + LOOK_SECONDS * MICROSECONDS, *(member.until_us for member in held))
        if not self._has_slot(due_us, until_us):
            return answers
        return answers | self._submit(array_id, held, until_us)

    def _has_slot(self, due_us: int, until_us: int) -> bool:
        """Says whether the slot is still of use; sealing may have taken longer, and then it takes another."""
        if self.limiter.is_late(due_us) and not self.limiter.wait(until_us):
            return False
        return self.clock.now_us() <= until_us

    def _submit(self, array_id: str, held: Sequence[Member], until_us: int) -> dict[Member, Answer]:
        request = array_request([member.row for member in held], array_id)
        try:
            job_id = self.batch.submit_job(request)
        except ThrottledError:
            self.telemetry.count("SubmitThrottled")
            self.limiter.back_off()
            return {}
        except UnclearError as error:
            self.telemetry.count("SubmitUnclear")
            found = self.finder.wait_for(request, until_us)
            if found is None:
                return {member: _unanswered(member, error) for member in held}
            job_id = found
        except ServiceError as error:
            return {member: _refused(member, error) for member in held}
        self.telemetry.count("ArraysSubmitted")
        self.telemetry.count("JobsSubmitted", len(held))
        return {member: Submitted(f"{job_id}:{index}") for index, member in enumerate(held)}


def _refused(member: Member, error: ServiceError) -> Answer:
    """What Batch refuses to all each tries alone, as the answer may be about the array."""
    if is_denial(error) or (isinstance(error, RejectedError) and is_refusal(error)):
        return Turn.ALONE
    return _unanswered(member, error)


def _unanswered(member: Member, error: ServiceError) -> UnansweredError:
    said = UnansweredError(member.row.shape.job_name, str(error))
    said.__cause__ = error
    return said
