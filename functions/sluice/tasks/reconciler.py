"""Heals what was lost: tasks without jobs, jobs without events, tasks without a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sluice.errors import RejectedError, ServiceError, TaskGoneError
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks import reconciliation
from sluice.tasks.model import TaskState
from sluice.tasks.overdue_jobs import JOBS_PER_CALL, OverdueJob, OverdueJobQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.ports import Clock, Telemetry, Workers
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Completer
    from sluice.tasks.model import OpenTask, TaskRecord
    from sluice.tasks.overdue_jobs import OverdueJobs
    from sluice.tasks.ports import Activities, TaskStore
    from sluice.tasks.reconciliation import ReconciliationPolicy, Run
    from sluice.tasks.submitter import Submitter


@dataclass
class _Findings:
    """One run: when it must end, and what its threads have gathered."""

    run: Run
    overdue: OverdueJobQueue = field(default_factory=OverdueJobQueue)
    oldest_ms: int | None = None

    def see(self, task: OpenTask) -> None:
        """Remembers the age of the oldest task."""
        if self.oldest_ms is None or task.created_at < self.oldest_ms:
            self.oldest_ms = task.created_at


@dataclass(frozen=True)
class Reconciler:
    """Looks at every open task once in a heartbeat and puts right what is not.

    The tasks come in the order of their last heartbeats, and a look is a heartbeat: a task that was looked
    at goes to the end of the line. So a run needs no memory of the one before, and none is left out
    however many there are. Two runs at once share the line, as a task can be claimed once in a heartbeat.
    """

    activities: Activities
    store: TaskStore
    submitter: Submitter
    completer: Completer
    overdue_jobs: OverdueJobs
    heartbeat_limiter: Limiter
    workers: Workers
    policy: ReconciliationPolicy
    telemetry: Telemetry
    clock: Clock

    def reconcile(self, run: Run) -> int:
        """Looks at the tasks that are due, longest not looked at first, until none is left or the time is up.

        A task that cannot be healed now is told of and left; the others do not wait for it.

        Returns:
            The age in seconds of the oldest task that was due; 0 if none was.
        """
        findings = _Findings(run)
        self.workers.each(self._due(findings), partial(self._visit, findings))
        self.overdue_jobs.describe(findings.overdue, at_least=1, until_us=run.submit_until_us)
        return 0 if findings.oldest_ms is None else (self.clock.now_ms() - findings.oldest_ms) // 1000

    def _due(self, findings: _Findings) -> Iterator[OpenTask]:
        for task in self.store.due_tasks(self.policy.due_before_ms(self.clock.now_ms())):
            findings.see(task)
            if self.clock.now_us() >= findings.run.begin_until_us:
                return
            yield task

    def _visit(self, findings: _Findings, task: OpenTask) -> None:
        try:
            findings.overdue.add(self._look_at(task, findings.run))
        except ServiceError as error:
            self.telemetry.task_left(task.token, error)
        self.overdue_jobs.describe(
            findings.overdue, at_least=JOBS_PER_CALL, until_us=findings.run.submit_until_us
        )

    def _look_at(self, task: OpenTask, run: Run) -> list[OverdueJob]:
        """Does what one task needs now; returns what Batch has to be asked for it."""
        claim_ends_us = self.clock.now_us() + int(self.policy.submit_seconds * MICROSECONDS)
        record = self.store.claim(task, self.clock.now_ms())
        if record is None:
            return []
        # first of all, so that no fault on the way lets a live task time out
        alive = record.state is not TaskState.OPEN or self._beat(task.token)
        diagnosis = reconciliation.diagnose(record, now_ms=self.clock.now_ms(), policy=self.policy)
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            record = self._with_found_ids(record)
        if self.completer.complete_if_ended(record, submitting_is_over=diagnosis.submitting_is_over):
            return []
        if not alive:
            reason = "its workflow does not wait for it any more"
            self.completer.abandon(record, reason, submitting_is_over=diagnosis.submitting_is_over)
            return []
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            self._submit_missing(record, min(run.submit_until_us, claim_ends_us))
        return [
            OverdueJob(task.token, job.name, str(job.job_id), forgettable=diagnosis.forgettable)
            for job in diagnosis.describe
        ]

    def _beat(self, token: str) -> bool:
        """Sends a heartbeat; False if the token is dead."""
        try:
            self.heartbeat_limiter.call(partial(self.activities.heartbeat, token))
        except TaskGoneError:
            return False
        self.telemetry.count("Heartbeats")
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
            self.telemetry.count("TasksResumed")
            self.submitter.submit(record.task, known, until_us=until_us)
