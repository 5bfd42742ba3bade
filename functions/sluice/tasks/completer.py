"""Notes what became of a job and, when that ends its task, completes the task in its workflow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.errors import RejectedError, ServiceError, TaskGoneError, ThrottledError, is_refusal
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks import completion
from sluice.tasks.model import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.model import Failed, JobRecord, Outcome, TaskRecord
    from sluice.tasks.ports import Activities, Batch, TaskStore

STOP_SECONDS: Final = 2
"""How long who hears of an end goes on stopping jobs. TerminateJob has a few calls a second for everybody,
and others wait for news of their tasks: what is left is the reconciler's."""

HEARTBEAT_SECONDS: Final = 10
"""How long such a heartbeat waits for its slot."""

SETTLE_SECONDS: Final = 60
"""From how long after its end on a task is settled by the reconciler, unless whoever ended it has done so."""


@dataclass(frozen=True)
class Stopper:
    """Terminates jobs; repeating it is harmless."""

    batch: Batch
    limiter: Limiter
    telemetry: Telemetry

    def stop(self, jobs: Iterable[JobRecord], reason: str, *, until_us: int) -> bool:
        """Terminates each job that Batch knows and that has not ended; False if the time was up before."""
        for job in jobs:
            if job.job_id is not None and not job.ended:
                try:
                    self._terminate(job.job_id, f"Sluice: {reason}", until_us)
                except ThrottledError:
                    return False
        return True

    def _terminate(self, job_id: str, reason: str, until_us: int) -> None:
        try:
            self.limiter.call(partial(self.batch.terminate_job, job_id, reason), until_us)
        except RejectedError as error:
            if not is_refusal(error):
                raise
            return  # a job that Batch does not know runs no more
        self.telemetry.count("JobsTerminated")


@dataclass(frozen=True)
class Completer:
    """Completes tasks exactly once, as their workflows see it.

    A task is told of, then closed, then settled: its jobs that still run are stopped, and those whose ids
    nobody knows are looked up. A crash before it was closed repeats all of it, and a workflow that was told
    already answers that the task is gone, which counts as done. What was closed and not settled is the
    reconciler's from `settle_seconds` after.
    """

    activities: Activities
    store: TaskStore
    stopper: Stopper
    telemetry: Telemetry
    clock: Clock
    heartbeat_limiter: Limiter
    settle_seconds: float = SETTLE_SECONDS

    def note(self, token: str, job: JobRecord) -> TaskRecord | None:
        """Notes an ended job; a repeated, late or foreign note changes nothing.

        Returns:
            The task if this has ended it, for `settle_soon`.
        """
        noted = self.store.note_job(token, job)
        self.telemetry.count("JobsEnded" if noted.changed else "EventsIgnored")
        if noted.record is None or noted.record.state is not TaskState.OPEN:
            return None
        outcome = completion.decide(noted.record)
        return None if outcome is None else self._end(noted.record, outcome)

    def complete(self, record: TaskRecord) -> bool:
        """Tells of the task and closes it if its jobs say that it is over; True if it has ended by now."""
        if record.state is not TaskState.OPEN:
            return True
        outcome = completion.decide(record)
        if outcome is not None:
            self._end(record, outcome)
        return outcome is not None

    def abandon(self, record: TaskRecord) -> TaskRecord | None:
        """Closes a task whose workflow does not wait for it any more.

        Returns:
            The task if this has ended it, for `settle_soon`.
        """
        # it may have been told, and not closed
        outcome = completion.decide(record) if record.fault is None else None
        ended = self._close(record, TaskState.ABANDONED if outcome is None else outcome.state)
        self.telemetry.count("TasksAbandoned")
        return ended

    def abandon_if_dead(self, record: TaskRecord) -> TaskRecord | None:
        """Abandons a task if a heartbeat says that no workflow waits for it; returns it as `abandon` does."""
        until_us = self.clock.now_us() + HEARTBEAT_SECONDS * MICROSECONDS
        try:
            self.heartbeat_limiter.call(partial(self.activities.heartbeat, record.task.token), until_us)
        except TaskGoneError:
            return self.abandon(record)
        return None

    def settle(
        self,
        record: TaskRecord,
        *,
        submitting_is_over: bool,
        until_us: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Stops the jobs of a task that has ended; when that is done it is looked at no more.

        Unless `submitting_is_over` (nobody can still be submitting its jobs), a task with jobs of unknown id
        is looked at again: its poller notes those ids, or the reconciler finds the jobs by name.

        Args:
            record: the task.
            submitting_is_over: see above.
            until_us: no job is stopped after this time; STOP_SECONDS from now if it is not given.
            reason: why, for the jobs' own history.
        """
        until_us = self._soon_us() if until_us is None else until_us
        jobs = completion.jobs_to_stop(record)
        stopped = self.stopper.stop(jobs, reason or _reason(record.state), until_us=until_us)
        if stopped and (submitting_is_over or not completion.may_be_submitted(record)):
            self.store.settle(record.task.token, self.clock.now_ms())

    def settle_soon(self, ended: Iterable[TaskRecord], *, until_us: int | None = None) -> None:
        """Settles what can be settled in STOP_SECONDS; whatever is in the way, the rest is the reconciler's.

        Args:
            ended: tasks that the caller has closed.
            until_us: a time before which that must be.
        """
        soon_us = self._soon_us() if until_us is None else min(until_us, self._soon_us())
        for record in ended:
            if completion.is_settled(record):
                continue
            try:
                self.settle(record, submitting_is_over=False, until_us=soon_us)
            except ServiceError as error:
                self.telemetry.task_left(record.task.token, error)

    def reject(self, record: TaskRecord, outcome: Failed, *, submitting_is_over: bool) -> None:
        """Fails a task of which Batch does not take a job, and stops those before it; see also `settle`."""
        self.tell(record.task.token, outcome)
        ended = self._close(record, outcome.state, submitting_is_over=submitting_is_over)
        if ended is not None:
            reason = "Batch refused another job of its task"
            self.settle(ended, submitting_is_over=submitting_is_over, reason=reason)

    def tell(self, token: str, outcome: Outcome) -> None:
        """Completes the task in its workflow; one that does not wait for it any more needs no telling."""
        try:
            self.activities.complete(token, outcome)
            self.telemetry.count("TasksSucceeded" if outcome.state is TaskState.SUCCEEDED else "TasksFailed")
        except TaskGoneError:
            self.telemetry.count("TasksGone")

    def _end(self, record: TaskRecord, outcome: Outcome) -> TaskRecord | None:
        self.tell(record.task.token, outcome)
        return self._close(record, outcome.state)

    def _close(
        self, record: TaskRecord, state: TaskState, *, submitting_is_over: bool = False
    ) -> TaskRecord | None:
        """Closes a task and returns it, or None if it had ended before."""
        now_ms = self.clock.now_ms()
        settled = completion.is_settled(record, submitting_is_over=submitting_is_over)
        settle_from_ms = None if settled else now_ms + round(self.settle_seconds * 1000)
        closed = self.store.close(record.task.token, state, now_ms, settle_from_ms=settle_from_ms)
        return replace(record, state=state) if closed else None

    def _soon_us(self) -> int:
        return self.clock.now_us() + STOP_SECONDS * MICROSECONDS


def _reason(state: TaskState) -> str:
    if state is TaskState.ABANDONED:
        return "its workflow does not wait for it any more"
    return "another job of its task failed"
