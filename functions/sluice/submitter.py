"""Submits a task's jobs: the intent first, then each job in a slot of the shared rate, then their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice import completion
from sluice.model import TaskState
from sluice.ports import DeniedError, RejectedError, ThrottledError, UnclearError
from sluice.rate import MICROSECONDS
from sluice.submission import job_name, submit_request
from sluice.task_input import InvalidTaskError, parse_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.finisher import Finisher
    from sluice.limiter import Limiter
    from sluice.model import ActivityTask, Failed, Task, TaskRecord
    from sluice.ports import Batch, Clock, Figures, TaskStore
    from sluice.stopper import Stopper

SETTLE_SECONDS: Final = 2
"""How long an unclear submission may take to show up under its name before the look-up."""


class RefusedJobError(Exception):
    """Raised when Batch refused a job for good; the message is for the task's sender."""


@dataclass(frozen=True)
class Submitter:
    """Takes tasks to Batch. Safe to share between threads.

    A task is its poller's alone for `window_seconds` after its intent.
    """

    batch: Batch
    store: TaskStore
    finisher: Finisher
    submit_limiter: Limiter
    look_up_limiter: Limiter
    stopper: Stopper
    window_seconds: float
    figures: Figures
    clock: Clock

    def take(self, handed: ActivityTask, *, until_us: int) -> None:
        """Does all that a task from the queue needs; its sender hears of it if the task is wrong.

        Args:
            handed: the activity task.
            until_us: no job is submitted after this time; what is left then is the reconciler's.
        """
        now_us = self.clock.now_us()
        try:
            task = parse_task(handed.token, handed.input)
            known = not self.store.put_intent(task, handed.input, now_us // 1000)
        except (InvalidTaskError, RejectedError) as error:
            self.finisher.tell(handed.token, completion.invalid(str(error)))
            return
        if not known:
            self.figures.count("TasksTaken")
            window_us = now_us + round(self.window_seconds * MICROSECONDS)
            self.submit(task, {}, until_us=min(until_us, window_us))

    def submit(self, task: Task, known: Mapping[str, str], *, until_us: int) -> None:
        """Submits the jobs of an open task that have no id in `known`, and notes the new ids."""
        job_ids = dict(known)
        rejection = None
        try:
            rejection = self._submit_missing(task, job_ids, until_us)
        finally:  # what was submitted before a fault is noted all the same
            record = self._record(task.token, job_ids) if job_ids else None
        if rejection is not None:
            self._reject(task, record, rejection)

    def find(self, record: TaskRecord) -> dict[str, str]:
        """Looks up under their names the jobs of unknown id that Batch has; ids by job name.

        Raises:
            RejectedError: a queue is not there any more.
        """
        task = record.task
        unknown = [job for job in task.jobs if record.jobs[job.name].job_id is None]
        found = {}
        for job in unknown:
            job_id = self._look_up(job.request["jobQueue"], job_name(task.token, job.name))
            if job_id is not None:
                found[job.name] = job_id
        return found

    def _submit_missing(self, task: Task, job_ids: dict[str, str], until_us: int) -> Failed | None:
        """Adds to `job_ids` until all jobs have one, the time is up, or Batch refuses one for good."""
        for job in task.jobs:
            if job.name in job_ids:
                continue
            try:
                job_id = self._submit_once(submit_request(task, job, job_ids), until_us)
            except RefusedJobError as error:
                return completion.rejection(job.name, str(error))
            if job_id is None:
                break
            job_ids[job.name] = job_id
        return None

    def _submit_once(self, request: Mapping[str, Any], until_us: int) -> str | None:
        """Tries until Batch gives a clear answer; None if the time is up before."""
        while self.submit_limiter.wait(until_us):
            try:
                job_id = self.batch.submit_job(request)
            except ThrottledError:
                self.figures.count("SubmitThrottled")
                self.submit_limiter.back_off()
            except UnclearError:
                self.figures.count("SubmitUnclear")
                self.clock.sleep(SETTLE_SECONDS)
                found = self._look_up(request["jobQueue"], request["jobName"])
                if found is not None:
                    return found
            except (RejectedError, DeniedError) as error:
                raise RefusedJobError(str(error)) from error
            else:
                self.figures.count("JobsSubmitted")
                return job_id
        return None

    def _look_up(self, job_queue: str, name: str) -> str | None:
        while True:
            self.look_up_limiter.wait()
            try:
                return self.batch.find_job(job_queue, name)
            except ThrottledError:
                self.look_up_limiter.back_off()

    def _record(self, token: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
        """Notes the ids; a task that ended meanwhile (stopped, or failed fast) takes its new jobs along."""
        record = self.store.record_submitted(token, job_ids)
        if record is not None and record.state is not TaskState.OPEN:
            self.stopper.stop(completion.jobs_to_stop(record), "its task has ended")
        elif record is not None:  # a job that failed at once left the task open for its siblings' ids
            self.finisher.finish_if_ended(record, settled=False)
        return record

    def _reject(self, task: Task, record: TaskRecord | None, outcome: Failed) -> None:
        self.finisher.tell(task.token, outcome)
        if record is not None:
            self.stopper.stop(completion.jobs_to_stop(record), "Batch refused another job of its task")
        self.store.close(task.token, TaskState.FAILED, self.clock.now_us() // 1000)
