"""Submits a task's jobs: the intent first, then each job in a slot of the shared rate, then their ids."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sluice.errors import (
    DENIED_BY_IAM,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnauthenticatedError,
    UnclearError,
    is_denial,
    is_refusal,
)
from sluice.rate.gcra import MICROSECONDS
from sluice.rate.limiter import AGAIN_SECONDS
from sluice.tasks import completion
from sluice.tasks.completer import Ended
from sluice.tasks.contract import Allowed, check_requests, parse_task
from sluice.tasks.model import JobRecord, Submitted, TaskState, Turn, new_record
from sluice.tasks.parsing import InvalidTaskError
from sluice.tasks.submission import (
    DENIED_PAUSE_SECONDS,
    DENIED_SECONDS,
    LOOK_SECONDS,
    RefusedJobError,
    UnansweredError,
    hopeless,
    submit_request,
    suspects,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Completer
    from sluice.tasks.job_finder import JobFinder
    from sluice.tasks.model import ActivityTask, Task, TaskRecord
    from sluice.tasks.ports import Batch, TaskStore, Together

MAX_ANSWER_BYTES: Final = 512
"""What is kept of SubmitJob's last answer."""

TABLE_REFUSALS: Final = frozenset({"", "ValidationException"})
"""Codes with which DynamoDB refuses an item for good, as it is too large."""

NOTE_SECONDS: Final = 10
"""The ids of a task that takes longer are noted as often, and the answer says whether it has ended."""


@dataclass
class _Work:
    """A task that is being submitted, as its owner last looked at it, and the ids of its jobs so far.

    `denied_us` is when IAM first denied the job that is its next. One that is `alone` shares no slot.
    """

    record: TaskRecord
    until_us: int
    looked_us: int
    denied_us: int | None = None
    alone: bool = True
    job_ids: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.job_ids = {job.name: job.job_id for job in self.record.jobs.values() if job.job_id is not None}


@dataclass(frozen=True)
class Submitter:
    """Takes tasks to Batch. Safe to share between threads.

    A task is its poller's alone for `window_seconds` after its intent. An owner, a poller or later on a
    reconciler, hears at most one unclear answer: then it leaves the task to the next owner, for which the job
    has had minutes to show up under its name. A job that fails so for too long is refused.
    """

    batch: Batch
    allowed: Allowed
    store: TaskStore
    completer: Completer
    submit_limiter: Limiter
    finder: JobFinder
    together: Together
    window_seconds: float
    telemetry: Telemetry
    clock: Clock

    def accept(self, handed: ActivityTask) -> TaskRecord | None:
        """Checks a task from the queue and writes its intent: from then on it cannot be lost.

        Returns:
            The task, for `begin`. None if it is wrong, of which its sender hears, or known already.
        """
        now_ms = self.clock.now_ms()
        try:
            task = parse_task(handed.token, handed.input)
            check_requests(task, self.batch.complaint)
            self.allowed.check(task)
            known = not self.store.put_intent(task, handed.input, now_ms)
        except (InvalidTaskError, RejectedError) as error:
            if isinstance(error, RejectedError) and error.code not in TABLE_REFUSALS:
                raise
            self.completer.tell(handed.token, completion.refused(error))
            return None
        if known:
            return None
        self.telemetry.count("TasksTaken")
        return new_record(task, now_ms)

    def begin(self, record: TaskRecord, *, until_us: int) -> None:
        """Submits the jobs of a task that was accepted, while it is its poller's alone.

        Args:
            record: the task.
            until_us: no job is submitted after this time; what is left then is the reconciler's.
        """
        accepted_us = record.created_at * 1000
        window_us = accepted_us + round(self.window_seconds * MICROSECONDS)
        alone = not record.task.vary
        self._submit(_Work(record, min(until_us, window_us), looked_us=accepted_us, alone=alone))

    def submit(self, record: TaskRecord, *, until_us: int) -> None:
        """Submits the jobs of an open task that have no id, and notes the new ids.

        A task that ended meanwhile (stopped, or failed fast) gets no more jobs, and those that it got
        are stopped.
        """
        claimed_us = record.heartbeat_at * 1000  # it may have waited for its turn since
        self._submit(_Work(record, until_us, looked_us=claimed_us))

    def _submit(self, work: _Work) -> None:
        if not work.job_ids:
            self._end_earlier_tries(work.record.task)
        try:
            while self._submit_some(work):
                pass
        except RefusedJobError as error:
            self._reject(work, error)
        except UnansweredError as error:
            self._leave(work, error)

    def _end_earlier_tries(self, task: Task) -> None:
        """Stops the jobs of earlier tries of the task's state, which timed out while their jobs ran."""
        tries = self.store.open_tries(task.execution_arn, task.state_name) if task.execution_arn else ()
        for key in [each.key for each in suspects(task, tries)]:
            earlier = self.store.read(key)
            try:
                ended = self.completer.abandon_if_dead(earlier) if earlier else None
            except ServiceError as error:
                self.telemetry.task_left(key, error)
                continue
            self.completer.settle_soon([ended] if ended else [])

    def _reject(self, work: _Work, error: RefusedJobError | UnansweredError) -> None:
        """Fails the task with the error's message; only after a clear answer nothing is left to look up."""
        jobs = {name: replace(job, job_id=work.job_ids.get(name)) for name, job in work.record.jobs.items()}
        self.completer.reject(
            replace(work.record, jobs=jobs),
            completion.rejection(error.job_name, str(error)),
            submitting_is_over=isinstance(error, RefusedJobError),
        )

    def _leave(self, work: _Work, error: UnansweredError) -> None:
        """Leaves the task to its next owner, or fails it if a job could not be submitted for too long."""
        key, now_ms = work.record.task.key, self.clock.now_ms()
        answer = str(error).encode(errors="replace")[:MAX_ANSWER_BYTES].decode(errors="ignore")
        noted = self.store.note_trouble(key, error.job_name, answer, now_ms)
        self.telemetry.task_left(key, error)
        if isinstance(error.__cause__, UnauthenticatedError):
            return
        said = hopeless(noted.trouble, now_ms) if noted and noted.trouble else None
        if said is not None:
            self._reject(work, UnansweredError(error.job_name, said))

    def _submit_some(self, work: _Work) -> bool:
        """Submits for NOTE_SECONDS and notes the ids; True if there are jobs left, and time for them."""
        clear = ended = False
        new: dict[str, str] = {}
        try:
            clear = self._submit_missing(work, new)
        finally:  # what was submitted before a fault is noted all the same
            if new:
                ended = self._note(work, new, submitting_is_over=clear)
        return clear and not ended and len(work.job_ids) < len(work.record.task.jobs)

    def _submit_missing(self, work: _Work, new: dict[str, str]) -> bool:
        """Adds to the ids for NOTE_SECONDS; False if the task is left, and a job's fate may be unknown."""
        pause_us = self.clock.now_us() + NOTE_SECONDS * MICROSECONDS
        for job in work.record.task.jobs:
            if job.name in work.job_ids:
                continue
            job_id = self._submit_once(work, job.name, submit_request(work.record.task, job, work.job_ids))
            if job_id is None:
                return False
            work.job_ids[job.name] = new[job.name] = job_id
            if self.clock.now_us() >= pause_us:
                break
        return True

    def _submit_once(self, work: _Work, job_name: str, request: Mapping[str, Any]) -> str | None:
        """Tries until Batch answers; None if the time is up before, or the task is another's by now."""
        while not isinstance(turn := self._turn(work), Submitted):
            if turn is Turn.LEFT:
                return None
            try:
                job_id = self.batch.submit_job(request)
            except ThrottledError:
                self.telemetry.count("SubmitThrottled")
                self.submit_limiter.back_off()
            except UnclearError as error:
                self.telemetry.count("SubmitUnclear")
                found = self.finder.wait_for(request, work.until_us)
                if found is None:
                    raise UnansweredError(job_name, str(error)) from error
                return found
            except ServiceError as error:
                if is_denial(error):
                    self._wait_for_permission(work, job_name, error)
                    continue
                refused = RefusedJobError if is_refusal(error) else UnansweredError
                raise refused(job_name, str(error)) from error
            else:
                self.telemetry.count("JobsSubmitted")
                work.denied_us = None
                return job_id
        return turn.job_id

    def _turn(self, work: _Work) -> Submitted | Turn:
        """Waits for a slot, and shares it with others while the task may."""
        if not work.alone:
            turn = self.together.submit(work.record, work.until_us, partial(self._slot, work))
            if turn is not Turn.ALONE:
                return turn
            work.alone = True
        return Turn.LEFT if self._slot(work) is None else Turn.SLOT

    def _wait_for_permission(self, work: _Work, job_name: str, error: ServiceError) -> None:
        """Waits a little after a denial of IAM's, which may be about to end; raises if it lasts."""
        now_us = self.clock.now_us()
        work.denied_us = work.denied_us or now_us
        lasts = now_us - work.denied_us >= DENIED_SECONDS * MICROSECONDS
        before = work.record.trouble  # what the owner before heard, minutes ago
        if lasts or (before and before.job_name == job_name and DENIED_BY_IAM in before.answer):
            said = f"denied for longer than a new permission takes to be in force: {error}"
            raise RefusedJobError(job_name, said) from error
        if now_us + DENIED_PAUSE_SECONDS * MICROSECONDS > work.until_us or not self.finder.rest(
            DENIED_PAUSE_SECONDS
        ):
            raise UnansweredError(job_name, str(error)) from error

    def _slot(self, work: _Work) -> int | None:
        """Waits for a slot that falls due soon after a look at the task; says since when it is due."""
        while self.clock.now_us() <= work.until_us:
            stale_us = work.looked_us + LOOK_SECONDS * MICROSECONDS
            # who was held up in between finds it stale, and decides anew
            due_us = self.submit_limiter.slot(min(work.until_us, stale_us))
            if due_us is not None and self.clock.now_us() <= stale_us:
                return due_us
            again_us = self.clock.now_us() + AGAIN_SECONDS * MICROSECONDS
            if again_us > work.until_us:
                return None
            if again_us < stale_us:
                self.clock.sleep(AGAIN_SECONDS)
            elif not self._is_still_ours(work):
                return None
        return None

    def _is_still_ours(self, work: _Work) -> bool:
        """Reads the task again; False if it has ended, or somebody else has claimed it."""
        work.looked_us = self.clock.now_us()
        now = self.store.read(work.record.task.key)
        if now is None or now.state is not TaskState.OPEN:
            return False
        return now.heartbeat_at == work.record.heartbeat_at

    def _note(self, work: _Work, job_ids: Mapping[str, str], *, submitting_is_over: bool) -> bool:
        """Notes the ids; True if the task has ended (stopped, or failed fast), which stops its jobs.

        A job of which another id was noted before is a copy: it is stopped, and the task is another's.
        """
        record = self.store.record_submitted(work.record.task.key, job_ids)
        if record is None:
            return False
        copies = [
            JobRecord(name, job_id=job_id)
            for name, job_id in job_ids.items()
            if record.jobs[name].job_id != job_id
        ]
        self.finder.stop_copies(copies)
        if self.completer.complete(record):
            self.completer.settle([Ended(record, submitting_is_over and not copies)])
            return True
        return bool(copies)
