"""Submits a task's jobs: the intent first, then each job in a slot of the shared rate, then their ids."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sluice.errors import (
    RejectedError,
    ServiceError,
    ThrottledError,
    UnauthenticatedError,
    UnclearError,
)
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks import completion
from sluice.tasks.contract import check_requests, parse_task
from sluice.tasks.model import new_record
from sluice.tasks.parsing import InvalidTaskError
from sluice.tasks.submission import hopeless, is_refusal, job_name, submit_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Completer
    from sluice.tasks.model import ActivityTask, Task, TaskRecord
    from sluice.tasks.ports import Batch, TaskStore

SETTLE_SECONDS: Final = (2, 5)
"""How long before each look-up an unclear submission may take to show up under its name. AWS promises
nothing; a job that shows up later still is found by the task's next owner."""

PATIENT_THREADS: Final = 8
"""How many threads of a process at a time wait for a job to show up: a few requests that always fail hold up
no others. Beyond these the task is left to its next owner at once."""

MAX_ANSWER_BYTES: Final = 512
"""What is kept of SubmitJob's last answer."""

TABLE_REFUSALS: Final = frozenset({"", "ValidationException"})
"""Codes with which DynamoDB refuses an item for good, as it is too large."""

NOTE_SECONDS: Final = 10
"""The ids of a task that takes longer are noted as often, and the answer says whether it has ended."""


class _JobError(Exception):
    """Raised when a job was not submitted; `job_name` is its name in its task."""

    def __init__(self, job_name: str, message: str) -> None:
        super().__init__(message)
        self.job_name = job_name


class RefusedJobError(_JobError):
    """Raised when Batch refused a job for good; the message is for the task's sender."""


class UnansweredError(_JobError):
    """Raised when Batch has not taken a job, as far as anybody knows; the message is what it answered."""


@dataclass(frozen=True)
class Submitter:
    """Takes tasks to Batch. Safe to share between threads.

    A task is its poller's alone for `window_seconds` after its intent. An owner, a poller or later on a
    reconciler, hears at most one unclear answer: then it leaves the task to the next owner, for which the job
    has had minutes to show up under its name. A job that fails so for too long is refused.
    """

    batch: Batch
    store: TaskStore
    completer: Completer
    submit_limiter: Limiter
    look_up_limiter: Limiter
    window_seconds: float
    telemetry: Telemetry
    clock: Clock
    patience: threading.BoundedSemaphore = field(
        default_factory=partial(threading.BoundedSemaphore, PATIENT_THREADS)
    )

    def take(self, handed: ActivityTask, *, until_us: int) -> None:
        """Does all that a task from the queue needs; its sender hears of it if the task is wrong.

        Args:
            handed: the activity task.
            until_us: no job is submitted after this time; what is left then is the reconciler's.
        """
        now_us = self.clock.now_us()
        try:
            task = parse_task(handed.token, handed.input)
            check_requests(task, self.batch.complaint)
            known = not self.store.put_intent(task, handed.input, now_us // 1000)
        except (InvalidTaskError, RejectedError) as error:
            if isinstance(error, RejectedError) and error.code not in TABLE_REFUSALS:
                raise
            self.completer.tell(handed.token, completion.invalid(str(error)))
            return
        if not known:
            self.telemetry.count("TasksTaken")
            window_us = now_us + round(self.window_seconds * MICROSECONDS)
            self.submit(new_record(task, now_us // 1000), until_us=min(until_us, window_us))

    def submit(self, record: TaskRecord, *, until_us: int) -> None:
        """Submits the jobs of an open task that have no id, and notes the new ids.

        A task that ended meanwhile (stopped, or failed fast) gets no more jobs, and those that it got
        are stopped.
        """
        job_ids = {job.name: job.job_id for job in record.jobs.values() if job.job_id is not None}
        try:
            while self._submit_some(record.task, job_ids, until_us):
                pass
        except RefusedJobError as error:
            self._reject(record, job_ids, error)
        except UnansweredError as error:
            self._leave(record, job_ids, error)

    def find(self, record: TaskRecord, *, until_us: int) -> dict[str, str]:
        """Looks up under their names the jobs of unknown id that Batch has; ids by job name.

        Raises:
            RejectedError: a queue is not there any more.
            ThrottledError: not all could be looked up before `until_us`.
        """
        task = record.task
        unknown = [job for job in task.jobs if record.jobs[job.name].job_id is None]
        found = {}
        for job in unknown:
            job_id = self._look_up(job.request["jobQueue"], job_name(task.token, job.name), until_us)
            if job_id is not None:
                found[job.name] = job_id
            elif record.trouble is not None:  # nothing was submitted after the job that could not be
                break
        return found

    def _reject(
        self, record: TaskRecord, job_ids: Mapping[str, str], error: RefusedJobError | UnansweredError
    ) -> None:
        """Fails the task with the error's message; only after a clear answer nothing is left to look up."""
        jobs = {name: replace(job, job_id=job_ids.get(name)) for name, job in record.jobs.items()}
        self.completer.reject(
            replace(record, jobs=jobs),
            completion.rejection(error.job_name, str(error)),
            submitting_is_over=isinstance(error, RefusedJobError),
        )

    def _leave(self, record: TaskRecord, job_ids: Mapping[str, str], error: UnansweredError) -> None:
        """Leaves the task to its next owner, or fails it if a job could not be submitted for too long."""
        token, now_ms = record.task.token, self.clock.now_ms()
        answer = str(error).encode(errors="replace")[:MAX_ANSWER_BYTES].decode(errors="ignore")
        noted = self.store.note_trouble(token, error.job_name, answer, now_ms)
        self.telemetry.task_left(token, error)
        if isinstance(error.__cause__, UnauthenticatedError):
            return
        said = hopeless(noted.trouble, now_ms) if noted and noted.trouble else None
        if said is not None:
            self._reject(record, job_ids, UnansweredError(error.job_name, said))

    def _submit_some(self, task: Task, job_ids: dict[str, str], until_us: int) -> bool:
        """Submits for NOTE_SECONDS and notes the ids; True if there are jobs left, and time for them."""
        clear = ended = False
        new: dict[str, str] = {}
        try:
            clear = self._submit_missing(task, job_ids, new, until_us)
        finally:  # what was submitted before a fault is noted all the same
            if new:
                ended = self._note(task.token, new, submitting_is_over=clear)
        return clear and not ended and len(job_ids) < len(task.jobs)

    def _submit_missing(
        self, task: Task, job_ids: dict[str, str], new: dict[str, str], until_us: int
    ) -> bool:
        """Adds to the ids for NOTE_SECONDS; False if the task is left, and a job's fate may be unknown."""
        pause_us = self.clock.now_us() + NOTE_SECONDS * MICROSECONDS
        for job in task.jobs:
            if job.name in job_ids:
                continue
            job_id = self._submit_once(job.name, submit_request(task, job, job_ids), until_us)
            if job_id is None:
                return False
            job_ids[job.name] = new[job.name] = job_id
            if self.clock.now_us() >= pause_us:
                break
        return True

    def _submit_once(self, job_name: str, request: Mapping[str, Any], until_us: int) -> str | None:
        """Tries until Batch answers; None if the time is up before."""
        while self.submit_limiter.wait(until_us):
            try:
                job_id = self.batch.submit_job(request)
            except ThrottledError:
                self.telemetry.count("SubmitThrottled")
                self.submit_limiter.back_off()
            except UnclearError as error:
                self.telemetry.count("SubmitUnclear")
                found = self._look_up_patiently(request, until_us)
                if found is None:
                    raise UnansweredError(job_name, str(error)) from error
                return found
            except ServiceError as error:
                refused = RefusedJobError if is_refusal(error) else UnansweredError
                raise refused(job_name, str(error)) from error
            else:
                self.telemetry.count("JobsSubmitted")
                return job_id
        return None

    def _look_up_patiently(self, request: Mapping[str, Any], until_us: int) -> str | None:
        """Looks up a job that may have been submitted; None if it has not shown up, or nobody can say."""
        if not self.patience.acquire(blocking=False):
            return None
        try:
            for seconds in SETTLE_SECONDS:
                self.clock.sleep(seconds)
                found = self._look_up(request["jobQueue"], request["jobName"], until_us)
                if found is not None:
                    return found
        except ServiceError:  # the next owner looks again
            pass
        finally:
            self.patience.release()
        return None

    def _look_up(self, job_queue: str, name: str, until_us: int) -> str | None:
        return self.look_up_limiter.call(partial(self.batch.find_job, job_queue, name), until_us)

    def _note(self, token: str, job_ids: Mapping[str, str], *, submitting_is_over: bool) -> bool:
        """Notes the ids; True if the task has ended (stopped, or failed fast), which stops its jobs."""
        record = self.store.record_submitted(token, job_ids)
        if record is None or not self.completer.complete(record):
            return False
        self.completer.settle(record, submitting_is_over=submitting_is_over)
        return True
