"""Heals what was lost: tasks without jobs, jobs without events, tasks without a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from sluice import completion, healing
from sluice.ports import RejectedError, ServiceError, TaskGoneError, ThrottledError
from sluice.rate import MICROSECONDS
from sluice.task_input import InvalidTaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from sluice.finisher import Finisher
    from sluice.healing import HealingPolicy
    from sluice.limiter import Limiter
    from sluice.model import OpenTask, TaskRecord
    from sluice.ports import Activities, Batch, Clock, Figures, Reporter, TaskStore
    from sluice.submitter import Submitter

Result = TypeVar("Result")

JOBS_A_CALL: Final = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""


@dataclass(frozen=True)
class _Question:
    """A job to ask Batch about; one that is `forgettable` may be unknown to it for good."""

    token: str
    job_name: str
    job_id: str
    forgettable: bool


@dataclass(frozen=True)
class Healer:
    """Looks at every open task once in a heartbeat and puts right what is not."""

    batch: Batch
    activities: Activities
    store: TaskStore
    submitter: Submitter
    finisher: Finisher
    describe_limiter: Limiter
    policy: HealingPolicy
    figures: Figures
    reporter: Reporter
    clock: Clock

    def heal(self, *, until_us: int) -> int:
        """Goes through the open tasks, oldest first, until all were seen or the time is up.

        A task that cannot be healed now is told of and left; the others do not wait for it.

        Returns:
            The age in seconds of the oldest open task; 0 when none is open.
        """
        oldest_ms = None
        questions: list[_Question] = []
        for task in self.store.open_tasks():
            oldest_ms = task.created_at if oldest_ms is None else oldest_ms
            if self.clock.now_us() >= until_us:
                break
            questions += self._guarded(task.token, partial(self._look_at, task, until_us)) or ()
            while len(questions) >= JOBS_A_CALL:
                self._ask(questions[:JOBS_A_CALL])
                del questions[:JOBS_A_CALL]
        self._ask(questions)
        return 0 if oldest_ms is None else (self._now_ms() - oldest_ms) // 1000

    def _guarded(self, token: str, act: Callable[[], Result]) -> Result | None:
        try:
            return act()
        except (ServiceError, InvalidTaskError) as error:
            self.reporter.task_left(token, error)
            return None

    def _look_at(self, task: OpenTask, until_us: int) -> list[_Question]:
        """Does what one task needs now; returns what Batch has to be asked for it."""
        if not healing.is_due(task, now_ms=self._now_ms(), policy=self.policy):
            return []
        claim_ends_us = self.clock.now_us() + int(self.policy.submit_seconds * MICROSECONDS)
        record = self.store.claim(task, self._now_ms())
        if record is None:
            return []
        diagnosis = healing.diagnose(record, now_ms=self._now_ms(), policy=self.policy)
        if diagnosis.settled and diagnosis.unsubmitted:
            record = self._with_found_ids(record)
        if self.finisher.finish_if_ended(record, settled=diagnosis.settled):
            return []
        if not self._alive(record, settled=diagnosis.settled):
            return []
        if diagnosis.settled and diagnosis.unsubmitted:
            self._submit_missing(record, min(until_us, claim_ends_us))
        return [
            _Question(task.token, job.name, str(job.job_id), forgettable=diagnosis.forgettable)
            for job in diagnosis.describe
        ]

    def _alive(self, record: TaskRecord, *, settled: bool) -> bool:
        try:
            self.activities.heartbeat(record.task.token)
        except TaskGoneError:
            self.finisher.abandon(record, "its workflow does not wait for it any more", settled=settled)
            return False
        self.figures.count("Heartbeats")
        return True

    def _with_found_ids(self, record: TaskRecord) -> TaskRecord:
        """Notes the ids of those jobs that were submitted and could not be noted."""
        try:
            found = self.submitter.find(record)
        except RejectedError:  # a queue that is gone holds no job; to submit to it says so to the sender
            return record
        noted = self.store.record_submitted(record.task.token, found) if found else None
        return noted or record

    def _submit_missing(self, record: TaskRecord, until_us: int) -> None:
        known = {job.name: job.job_id for job in record.jobs.values() if job.job_id is not None}
        if len(known) < len(record.jobs):
            self.figures.count("TasksResumed")
            self.submitter.submit(record.task, known, until_us=until_us)

    def _ask(self, questions: Sequence[_Question]) -> None:
        """Asks Batch about up to 100 jobs and notes those that have ended, or that it has forgotten."""
        if not questions:
            return
        describe = partial(self._describe, [each.job_id for each in questions])
        answers = self._guarded(questions[0].token, describe)
        if answers is None:
            return
        details = {detail["jobId"]: detail for detail in answers}
        for question in questions:
            detail = details.get(question.job_id)
            if detail is None and question.forgettable:
                detail = completion.vanished(question.job_id)
            if detail is not None:
                self._guarded(question.token, partial(self._note, question, detail))

    def _note(self, question: _Question, detail: Mapping[str, Any]) -> None:
        job = completion.job_record(question.job_name, detail)
        if job.ended:
            self.figures.count("EventsMissed")
            self.finisher.note(question.token, job)

    def _describe(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        while True:
            self.describe_limiter.wait()
            try:
                return self.batch.describe_jobs(job_ids)
            except ThrottledError:
                self.describe_limiter.back_off()

    def _now_ms(self) -> int:
        return self.clock.now_us() // 1000
