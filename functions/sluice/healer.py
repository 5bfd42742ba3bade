"""Heals what was lost: tasks without jobs, jobs without events, tasks without a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sluice import completion, healing
from sluice.ports import TaskGoneError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sluice.finisher import Finisher
    from sluice.healing import HealingPolicy
    from sluice.limiter import Limiter
    from sluice.model import OpenTask, TaskRecord
    from sluice.ports import Activities, Batch, Clock, Figures, TaskStore
    from sluice.submitter import Submitter

JOBS_A_CALL: Final = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""


@dataclass
class _Questions:
    """Jobs to ask Batch about: their tokens and names in their tasks, by job id."""

    jobs: dict[str, tuple[str, str]] = field(default_factory=dict)

    def take(self, count: int) -> dict[str, tuple[str, str]]:
        return {job_id: self.jobs.pop(job_id) for job_id in list(self.jobs)[:count]}


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
    clock: Clock

    def heal(self, *, until_us: int) -> int:
        """Goes through the open tasks, oldest first, until all were seen or the time is up.

        Returns:
            The age in seconds of the oldest open task; 0 when none is open.
        """
        oldest_ms = None
        questions = _Questions()
        for task in self.store.open_tasks():
            oldest_ms = task.created_at if oldest_ms is None else oldest_ms
            if self.clock.now_us() >= until_us:
                break
            self._look_at(task, questions, until_us)
            if len(questions.jobs) >= JOBS_A_CALL:
                self._ask(questions.take(JOBS_A_CALL))
        while questions.jobs:
            self._ask(questions.take(JOBS_A_CALL))
        return 0 if oldest_ms is None else (self._now_ms() - oldest_ms) // 1000

    def _look_at(self, task: OpenTask, questions: _Questions, until_us: int) -> None:
        if not healing.is_due(task, now_ms=self._now_ms(), policy=self.policy):
            return
        record = self.store.claim(task, self._now_ms())
        if record is None or not self._alive(record) or self.finisher.finish_if_ended(record):
            return
        diagnosis = healing.diagnose(record, now_ms=self._now_ms(), policy=self.policy)
        if diagnosis.submit:
            self._submit_missing(record, until_us)
        questions.jobs |= {job.job_id: (task.token, job.name) for job in diagnosis.describe if job.job_id}

    def _alive(self, record: TaskRecord) -> bool:
        try:
            self.activities.heartbeat(record.task.token)
        except TaskGoneError:
            self.finisher.abandon(record, "its workflow does not wait for it any more")
            return False
        self.figures.count("Heartbeats")
        return True

    def _submit_missing(self, record: TaskRecord, until_us: int) -> None:
        known = {job.name: job.job_id for job in record.jobs.values() if job.job_id is not None}
        found = self.submitter.find(record.task, but_for=known)
        self.figures.count("TasksResumed")
        self.submitter.submit(record.task, known | found, until_us=until_us)

    def _ask(self, jobs: Mapping[str, tuple[str, str]]) -> None:
        details = {detail["jobId"]: detail for detail in self._describe(list(jobs))}
        for job_id, (token, name) in jobs.items():
            detail = details.get(job_id) or completion.vanished(job_id)
            job = completion.job_record(name, detail)
            if job.ended:
                self.figures.count("EventsMissed")
                self.finisher.note(token, job)

    def _describe(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        while True:
            self.describe_limiter.wait()
            try:
                return self.batch.describe_jobs(job_ids)
            except ThrottledError:
                self.describe_limiter.back_off()

    def _now_ms(self) -> int:
        return self.clock.now_us() // 1000
