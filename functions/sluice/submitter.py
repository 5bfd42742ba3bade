"""Submits a task's jobs: the intent first, then each job in a slot of the shared rate, then their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice import completion
from sluice.model import TaskState
from sluice.ports import RejectedError, TaskGoneError, ThrottledError, UnclearError
from sluice.rate import MICROSECONDS
from sluice.submission import SUBMISSION_WINDOW_SECONDS, job_name, submit_request
from sluice.task_input import InvalidTaskError, parse_task

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sluice.limiter import Limiter
    from sluice.model import ActivityTask, Failed, Task, TaskRecord
    from sluice.ports import Activities, Batch, Clock, Figures, TaskStore
    from sluice.stopper import Stopper

SETTLE_SECONDS: Final = 2
"""How long an unclear submission may take to show up under its name before the look-up."""


@dataclass(frozen=True)
class Submitter:
    """Takes tasks to Batch. Safe to share between threads."""

    batch: Batch
    activities: Activities
    store: TaskStore
    submit_limiter: Limiter
    look_up_limiter: Limiter
    stopper: Stopper
    figures: Figures
    clock: Clock

    def take(self, handed: ActivityTask, *, until_us: int) -> None:
        """Does all that a task from the queue needs; its sender hears of it if the task is wrong.

        Args:
            handed: the activity task.
            until_us: no job is submitted after this time; what is left then is the reconciler's.
        """
        try:
            task = parse_task(handed.token, handed.input)
        except InvalidTaskError as error:
            self._complete(handed.token, completion.invalid(str(error)))
            self.figures.count("TasksInvalid")
            return
        now_us = self.clock.now_us()
        if self.store.put_intent(task, handed.input, now_us // 1000):
            self.figures.count("TasksTaken")
            window_us = now_us + SUBMISSION_WINDOW_SECONDS * MICROSECONDS
            self.submit(task, {}, until_us=min(until_us, window_us))

    def submit(self, task: Task, known: Mapping[str, str], *, until_us: int) -> None:
        """Submits the jobs of an open task that have no id in `known`, and notes the new ids."""
        job_ids = dict(known)
        try:
            for job in task.jobs:
                if job.name not in job_ids:
                    job_id = self._submit_once(submit_request(task, job, job_ids), until_us)
                    if job_id is None:
                        break
                    job_ids[job.name] = job_id
        except RejectedError as error:
            self._reject(task, job_ids, completion.rejection(job.name, str(error)))
            return
        self._record(task.token, job_ids)

    def find(self, task: Task, *, but_for: Collection[str]) -> dict[str, str]:
        """Looks up under their names the jobs of the task that Batch has; ids by job name."""
        unknown = [job for job in task.jobs if job.name not in but_for]
        ids = {
            job.name: self._look_up(job.request["jobQueue"], job_name(task.token, job.name))
            for job in unknown
        }
        return {name: job_id for name, job_id in ids.items() if job_id is not None}

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
        if not job_ids:
            return None
        record = self.store.record_submitted(token, job_ids)
        if record is not None and record.state is not TaskState.OPEN:
            self.stopper.stop(completion.jobs_to_stop(record), "its task has ended")
        return record

    def _reject(self, task: Task, job_ids: Mapping[str, str], outcome: Failed) -> None:
        self.figures.count("TasksRejected")
        record = self._record(task.token, job_ids)
        self._complete(task.token, outcome)
        if record is not None:
            self.stopper.stop(completion.jobs_to_stop(record), "Batch refused another job of its task")
        self.store.close(task.token, TaskState.FAILED, self.clock.now_us() // 1000)

    def _complete(self, token: str, outcome: Failed) -> None:
        try:
            self.activities.complete(token, outcome)
        except TaskGoneError:
            self.figures.count("TasksGone")
