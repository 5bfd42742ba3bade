"""Notes what became of a job and, when that ends its task, completes the task in its workflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sluice.errors import TaskGoneError
from sluice.tasks import completion
from sluice.tasks.model import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.model import Failed, JobRecord, Outcome, TaskRecord
    from sluice.tasks.ports import Activities, Batch, TaskStore


@dataclass(frozen=True)
class Stopper:
    """Terminates jobs; repeating it is harmless."""

    batch: Batch
    limiter: Limiter
    telemetry: Telemetry

    def stop(self, jobs: Iterable[JobRecord], reason: str) -> None:
        """Terminates each job that Batch knows and that has not ended."""
        for job in jobs:
            if job.job_id is not None and not job.ended:
                self._terminate(job.job_id, f"Sluice: {reason}")

    def _terminate(self, job_id: str, reason: str) -> None:
        self.limiter.call(partial(self.batch.terminate_job, job_id, reason))
        self.telemetry.count("JobsTerminated")


@dataclass(frozen=True)
class Completer:
    """Completes tasks exactly once, as their workflows see it."""

    activities: Activities
    store: TaskStore
    stopper: Stopper
    telemetry: Telemetry
    clock: Clock

    def note(self, token: str, job: JobRecord) -> None:
        """Notes an ended job; a repeated, late or foreign note changes nothing."""
        noted = self.store.note_job(token, job)
        self.telemetry.count("JobsEnded" if noted.changed else "EventsIgnored")
        if noted.record is not None and noted.record.state is TaskState.OPEN:
            self.complete_if_ended(noted.record, submitting_is_over=False)

    def complete_if_ended(self, record: TaskRecord, *, submitting_is_over: bool) -> bool:
        """Completes the task if its jobs say so; True if it has ended, now or before.

        The item is closed last: a crash on the way repeats all of it, and a workflow that was told
        already answers that the task is gone, which counts as done. Of a task that had ended before, the
        jobs that came to light since are stopped. `submitting_is_over` as for `abandon`.
        """
        if record.state is not TaskState.OPEN:
            self._close(record, record.state, "its task has ended", submitting_is_over=submitting_is_over)
            return True
        outcome = completion.decide(record)
        if outcome is None:
            return False
        self.tell(record.task.token, outcome)
        self._close(
            record, outcome.state, "another job of its task failed", submitting_is_over=submitting_is_over
        )
        return True

    def abandon(self, record: TaskRecord, reason: str, *, submitting_is_over: bool) -> None:
        """Stops the jobs of a task whose workflow does not wait for it any more.

        Unless `submitting_is_over` (nobody can still be submitting its jobs), a task with jobs of unknown id
        stays due: its poller notes those ids, or the reconciler finds the jobs by name.
        """
        self._close(record, TaskState.ABANDONED, reason, submitting_is_over=submitting_is_over)
        self.telemetry.count("TasksAbandoned")

    def reject(self, token: str, outcome: Failed, submitted: Iterable[JobRecord]) -> None:
        """Fails a task of which Batch refused a job for good, and stops the jobs before it."""
        self.tell(token, outcome)
        self.stopper.stop(submitted, "Batch refused another job of its task")
        self.store.close(token, outcome.state, self.clock.now_ms(), submitting_is_over=True)

    def tell(self, token: str, outcome: Outcome) -> None:
        """Completes the task in its workflow; one that does not wait for it any more needs no telling."""
        try:
            self.activities.complete(token, outcome)
            self.telemetry.count("TasksSucceeded" if outcome.state is TaskState.SUCCEEDED else "TasksFailed")
        except TaskGoneError:
            self.telemetry.count("TasksGone")

    def _close(self, record: TaskRecord, state: TaskState, reason: str, *, submitting_is_over: bool) -> None:
        self.stopper.stop(completion.jobs_to_stop(record), reason)
        submitting_is_over = submitting_is_over or not completion.may_be_submitted(record)
        self.store.close(record.task.token, state, self.clock.now_ms(), submitting_is_over=submitting_is_over)
