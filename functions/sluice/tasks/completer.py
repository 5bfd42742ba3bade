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
    from collections.abc import Iterable, Sequence

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
    """Terminates jobs, as many by one call as Batch takes; repeating it is harmless."""

    batch: Batch
    limiter: Limiter
    telemetry: Telemetry

    def stop(self, jobs: Iterable[JobRecord], reason: str, *, until_us: int) -> dict[str, ServiceError]:
        """Terminates each job that Batch knows and that has not ended.

        Returns:
            The ids of the jobs that may run on, each with the reason: a ThrottledError if the time was up.
        """
        job_ids = [job.job_id for job in jobs if job.job_id is not None and not job.ended]
        at_once = self.batch.stops_per_call
        stop = self._stop_one_by_one if at_once == 1 else self._stop_together
        left: dict[str, ServiceError] = {}
        for begin in range(0, len(job_ids), at_once):
            left |= stop(job_ids[begin : begin + at_once], f"Sluice: {reason}", until_us)
        return left

    def _stop_together(self, job_ids: Sequence[str], reason: str, until_us: int) -> dict[str, ServiceError]:
        """Makes one call; a job, or all of them, that it refuses may yet be terminated alone."""
        terminate = partial(self.batch.terminate_jobs, job_ids, reason)
        try:
            left = dict(self.limiter.call(terminate, until_us))
            if any(isinstance(error, ThrottledError) for error in left.values()):
                self.limiter.back_off()
        except ServiceError as error:
            left = dict.fromkeys(job_ids, error)
        refused = [job_id for job_id, error in left.items() if isinstance(error, RejectedError)]
        self.telemetry.count("JobsTerminated", len(job_ids) - len(left))
        others = {job_id: error for job_id, error in left.items() if job_id not in refused}
        return others | self._stop_one_by_one(refused, reason, until_us)

    def _stop_one_by_one(self, job_ids: Sequence[str], reason: str, until_us: int) -> dict[str, ServiceError]:
        left: dict[str, ServiceError] = {}
        for job_id in job_ids:
            try:
                self.limiter.call(partial(self.batch.terminate_job, job_id, reason), until_us)
                self.telemetry.count("JobsTerminated")
            except ServiceError as error:
                if not (isinstance(error, RejectedError) and is_refusal(error)):
                    left[job_id] = error  # one that Batch does not know runs no more
        return left


@dataclass(frozen=True)
class Ended:
    """A task that has ended, to be settled.

    Attributes:
        record: the task.
        submitting_is_over: nobody can still be submitting its jobs.
        reason: why its jobs are stopped, for their own history; said of its state if left out.
    """

    record: TaskRecord
    submitting_is_over: bool = False
    reason: str = ""

    @property
    def why(self) -> str:
        """The reason in words."""
        if self.reason:
            return self.reason
        if self.record.state is TaskState.ABANDONED:
            return "its workflow does not wait for it any more"
        return "another job of its task failed"


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

    def note(self, key: str, job: JobRecord) -> TaskRecord | None:
        """Notes an ended job; a repeated, late or foreign note changes nothing.

        Returns:
            The task if this has ended it, for `settle_soon`.
        """
        noted = self.store.note_job(key, job)
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
        return self.abandon(record) if self.is_dead(record) else None

    def is_dead(self, record: TaskRecord) -> bool:
        """Asks by a heartbeat whether no workflow waits for a task any more."""
        until_us = self.clock.now_us() + HEARTBEAT_SECONDS * MICROSECONDS
        try:
            self.heartbeat_limiter.call(partial(self.activities.heartbeat, record.task.token), until_us)
        except TaskGoneError:
            return True
        return False

    def settle(self, tasks: Sequence[Ended], *, until_us: int | None = None) -> None:
        """Stops the jobs of tasks that have ended; when that is done for one it is looked at no more.

        The jobs of all of them share calls. A task of which a job cannot be stopped is told of and left, and
        the others do not wait for it.

        Unless `submitting_is_over`, a task with jobs of unknown id is looked at again: its poller notes those
        ids, or the reconciler finds the jobs by name.

        Args:
            tasks: what has ended.
            until_us: no job is stopped after this time; STOP_SECONDS from now if it is not given.
        """
        left = self._stop_jobs(tasks, self._soon_us() if until_us is None else until_us)
        for each in tasks:
            key = each.record.task.key
            try:
                for job in completion.jobs_to_stop(each.record):
                    if str(job.job_id) in left:
                        raise left[str(job.job_id)]
                if each.submitting_is_over or not completion.may_be_submitted(each.record):
                    self.store.settle(key, self.clock.now_ms())
            except ThrottledError:
                continue  # there was no time for it
            except ServiceError as error:
                self.telemetry.task_left(key, error)

    def _stop_jobs(self, tasks: Iterable[Ended], until_us: int) -> dict[str, ServiceError]:
        by_reason: dict[str, list[JobRecord]] = {}
        for each in tasks:
            by_reason.setdefault(each.why, []).extend(completion.jobs_to_stop(each.record))
        left: dict[str, ServiceError] = {}
        for why, jobs in by_reason.items():
            left |= self.stopper.stop(jobs, why, until_us=until_us)
        return left

    def settle_soon(self, ended: Iterable[TaskRecord], *, until_us: int | None = None) -> None:
        """Settles what can be settled in STOP_SECONDS; whatever is in the way, the rest is the reconciler's.

        Args:
            ended: tasks that the caller has closed.
            until_us: a time before which that must be.
        """
        soon_us = self._soon_us() if until_us is None else min(until_us, self._soon_us())
        self.settle(
            [Ended(record) for record in ended if not completion.is_settled(record)], until_us=soon_us
        )

    def reject(self, record: TaskRecord, outcome: Failed, *, submitting_is_over: bool) -> None:
        """Fails a task of which Batch does not take a job, and stops those before it; see also `settle`."""
        self.tell(record.task.token, outcome)
        ended = self._close(record, outcome.state, submitting_is_over=submitting_is_over)
        if ended is not None:
            self.settle([Ended(ended, submitting_is_over, "Batch refused another job of its task")])

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
        closed = self.store.close(record.task.key, state, now_ms, settle_from_ms=settle_from_ms)
        return replace(record, state=state) if closed else None

    def _soon_us(self) -> int:
        return self.clock.now_us() + STOP_SECONDS * MICROSECONDS
