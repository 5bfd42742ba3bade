"""What tasks need of the world: Batch, the Activity and the task table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sluice.errors import ServiceError
    from sluice.tasks.model import (
        ActivityTask,
        JobRecord,
        Noted,
        OpenTask,
        OpenTry,
        Outcome,
        Place,
        Submitted,
        Task,
        TaskRecord,
        TaskState,
        Turn,
    )


class Batch(Protocol):
    """AWS Batch: each call is one request, never retried inside."""

    def complaint(self, request: Mapping[str, Any]) -> str | None:
        """What is wrong with SubmitJob's arguments, as far as can be said without a call; None if nothing."""

    def submit_job(self, request: Mapping[str, Any]) -> str:
        """Submits and returns the job's id.

        Raises ThrottledError, UnclearError (it may have been submitted all the same), or another
        ServiceError: `errors.is_refusal` says which of them are the request's fault.
        """

    def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
        """The jobs of exactly this name in any status; of each its id, status and when it was created."""

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """The JobDetails of up to 100 jobs; those that Batch does not know any more are left out."""

    @property
    def stops_per_call(self) -> int:
        """How many jobs a call of `terminate_jobs` takes; 1 where there is no such call."""

    def terminate_job(self, job_id: str, reason: str) -> None:
        """Ends the job in whatever state it is; an ended job stays as it is."""

    def terminate_jobs(self, job_ids: Sequence[str], reason: str) -> Mapping[str, ServiceError]:
        """Does so for each job; returns those that it could not end, by their ids, and why."""


class Together(Protocol):
    """Lets tasks that wait for a slot share one."""

    def submit(
        self, record: TaskRecord, until_us: int, take_slot: Callable[[], int | None]
    ) -> Submitted | Turn:
        """Waits for a slot with others, if the task may; `ALONE` if not, but never `AGAIN`.

        Args:
            record: a task whose job nobody may have submitted.
            until_us: its job is submitted by then, or by its next owner.
            take_slot: waits for a slot as the task would alone; says since when it is due, or None.

        Raises:
            UnansweredError: nobody knows whether the job was submitted.
        """


class Arrays(Protocol):
    """The arrays in which tasks were submitted together."""

    def member(self, place: Place) -> tuple[str, str] | None:
        """The key of the task whose job is at this place, and the job's name; None if there is none."""

    def child_id(self, place: Place, look_up: Callable[[str, str], str | None]) -> str | None:
        """The id of the job at a task's place; None if the array was not submitted, which it never is later.

        Args:
            place: of a task whose poller must have let go of it.
            look_up: finds a job by its queue and name.
        """

    def ended(self, array_id: str, now_ms: int) -> int:
        """Notes the end of an array in its tasks that are still open; returns how many they are."""


class ActivityQueue(Protocol):
    """The Activity that is the queue."""

    def next_task(self) -> ActivityTask | None:
        """Long-polls (a minute at most); None when there was nothing to do."""


class Activities(Protocol):
    """The completion of the Activity's tasks."""

    def complete(self, token: str, outcome: Outcome) -> None:
        """Ends the task as its outcome says; raises TaskGoneError."""

    def heartbeat(self, token: str) -> None:
        """Tells Step Functions that the task is alive; raises TaskGoneError."""


class TaskStore(Protocol):
    """The task table: the record of every task under its key."""

    def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
        """Writes the OPEN task with all of its planned jobs; False if it was known already."""

    def record_submitted(self, key: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
        """Notes Batch's ids by job name, also in a task that has ended; None if there is no such task.

        The id of a job that has one stays. Whatever trouble there was is over.
        """

    def read(self, key: str) -> TaskRecord | None:
        """The task as it is now; None if there is none."""

    def note_trouble(self, key: str, job_name: str, answer: str, now_ms: int) -> TaskRecord | None:
        """Notes that a job could not be submitted, once more; None if there is no such task."""

    def note_missing(self, key: str, job_name: str, now_ms: int) -> None:
        """Notes that Batch does not know a job that has not ended; the first such note stays."""

    def note_job(self, key: str, job: JobRecord) -> Noted:
        """Notes that a job ended; an ended job never changes again."""

    def close(self, key: str, state: TaskState, now_ms: int, *, settle_from_ms: int | None) -> bool:
        """Ends an open task; False if it had ended before. An ended task never changes its state again.

        It may have jobs that still run, or of which nobody knows the ids: then it stands among the
        `unsettled_tasks` from `settle_from_ms` on, until `settle`. None says that there are none.
        """

    def settle(self, key: str, now_ms: int) -> None:
        """Notes that nothing is left to be done for a task that has ended."""

    def of_execution(self, execution_arn: str) -> list[TaskRecord]:
        """The OPEN tasks of one workflow execution."""

    def open_tries(self, execution_arn: str, state_name: str) -> list[OpenTry]:
        """The OPEN tasks of a state of one workflow execution; a new one may be missing for a moment."""

    def history(self, execution_arns: Sequence[str]) -> list[TaskRecord]:
        """All tasks of these executions, open and closed, oldest first; those deleted since are missing."""

    def count_open(self) -> int:
        """How many tasks are open; some of the last second may be missing."""

    def open_tasks(self, most: int) -> list[TaskRecord]:
        """So many of the open tasks at most, those whose last heartbeat is longest ago."""

    def due_tasks(self, before_ms: int) -> Iterator[OpenTask]:
        """The open tasks that had their last heartbeat by then, longest ago first, with their tokens."""

    def due_records(self, after_ms: int, before_ms: int) -> Iterator[OpenTask]:
        """The open tasks that had their last heartbeat after the one time and by the other, with records."""

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        """Moves the task's heartbeat to now; None if it was closed or another reconciler was quicker.

        A task that ended under a former version comes too, in its final state: `close` moves it on.
        """

    def unsettled_tasks(self, now_ms: int) -> Iterator[OpenTask]:
        """The ended tasks that are to be settled, longest due first; `heartbeat_at` says since when."""

    def claim_unsettled(self, task: OpenTask, again_ms: int) -> TaskRecord | None:
        """Takes such a task in hand until `again_ms`; None if it was settled or another was quicker."""
