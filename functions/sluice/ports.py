"""What Sluice needs of the world: Batch, Step Functions, its tables and a clock, as Protocols.

The adapters in `sluice.aws` and the in-memory fakes of the tests implement them. The error classes
say what an answer means to the caller, whatever service it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sluice.model import (
        ActivityTask,
        JobRecord,
        Noted,
        OpenTask,
        Outcome,
        Task,
        TaskRecord,
        TaskState,
    )
    from sluice.rate import Limit, Reservation

Item = TypeVar("Item")


class ServiceError(Exception):
    """Raised when a service did not do what was asked; its subclasses say what is known of it.

    Attributes:
        code: the service's error code, such as `AccessDeniedException`; empty when there was no answer.
    """

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ThrottledError(ServiceError):
    """Raised when the service refused the call because of its rate (429); the call had no effect."""


class UnclearError(ServiceError):
    """Raised when nobody knows whether the call took effect: a timeout, a reset connection, a 5xx."""


class RejectedError(ServiceError):
    """Raised when the service refused the request for good; the message is for the request's sender."""


class DeniedError(ServiceError):
    """Raised when a permission, a credential or a table is missing: the stack's fault, not the request's."""


class TaskGoneError(ServiceError):
    """Raised when a task token is dead: timed out, stopped with its execution, or already completed."""


class AlreadyExistsError(ServiceError):
    """Raised when an execution of this name was started before."""


class DoesNotExistError(ServiceError):
    """Raised when there is no execution of this name."""


class Clock(Protocol):
    """Time, as an argument."""

    def now_us(self) -> int:
        """Microseconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Waits; a number below zero does not."""


class Batch(Protocol):
    """AWS Batch: each call is one request, never retried inside."""

    def complaint(self, request: Mapping[str, Any]) -> str | None:
        """What is wrong with SubmitJob's arguments, as far as can be said without a call; None if nothing."""

    def submit_job(self, request: Mapping[str, Any]) -> str:
        """Submits and returns the job's id.

        Raises ThrottledError, UnclearError, or one of RejectedError and DeniedError (a queue of others).
        """

    def find_job(self, job_queue: str, job_name: str) -> str | None:
        """The id of the newest job of exactly this name in any status, or None."""

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """The JobDetails of up to 100 jobs; those that Batch does not know any more are left out."""

    def terminate_job(self, job_id: str, reason: str) -> None:
        """Ends the job in whatever state it is; an ended job stays as it is."""


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
    """The task table: the score of every task under its token."""

    def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
        """Writes the OPEN task with all of its planned jobs; False if it was known already."""

    def record_submitted(self, token: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
        """Notes Batch's ids by job name, also in a task that has ended; None if there is no such task."""

    def note_job(self, token: str, job: JobRecord) -> Noted:
        """Notes that a job ended; an ended job never changes again."""

    def close(self, token: str, state: TaskState, now_ms: int, *, settled: bool) -> None:
        """Marks the task ended; an ended task never changes its state again.

        One that is not `settled`, as it may have jobs of which nobody knows the ids, is due as before,
        until it is closed again in the same state and settled.
        """

    def of_execution(self, execution_arn: str) -> list[TaskRecord]:
        """The OPEN tasks of one workflow execution."""

    def history(self, execution_arns: Sequence[str]) -> list[TaskRecord]:
        """All tasks of these executions, open and closed, oldest first; those deleted since are missing."""

    def due_tasks(self, before_ms: int) -> Iterator[OpenTask]:
        """The tasks that are not closed for good and had their last heartbeat by then, longest ago first."""

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        """Moves the task's heartbeat to now; None if it was closed or another reconciler was quicker."""


class RateStore(Protocol):
    """The rate table: one shared limiter for each API."""

    def reserve(self, api: str, slots: int, *, limit: Limit, now_us: int) -> Reservation:
        """Takes slots that nobody else has."""

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        """Lowers the shared rate after a 429."""


class PollerSlots(Protocol):
    """Remembers the number of each poller slot's newest known execution; behind it at worst, never ahead."""

    def number(self, slot: int) -> int:
        """The number last remembered, 0 at first."""

    def remember(self, slot: int, number: int) -> None:
        """Keeps the number if it is higher than the one that is known."""


class PollerExecutions(Protocol):
    """The executions of the activity poller's state machine."""

    def status(self, name: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None if there is no execution of this name."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Starts it, or finds it running with this input; raises AlreadyExistsError if the name is taken."""


class Figures(Protocol):
    """Where counts go that a person watches."""

    def count(self, name: str, value: int = 1) -> None:
        """Adds to a count."""


class Reporter(Protocol):
    """Where an operator reads what went wrong; a token never gets there."""

    def task_left(self, token: str, error: Exception) -> None:
        """Says that a task was left to the next look of the reconciler."""

    def poll_failed(self, error: ServiceError) -> None:
        """Says that a long poll failed."""

    def jobs_not_described(self, jobs: int, error: ServiceError) -> None:
        """Says that Batch gave no answer about so many jobs, which are asked about again later."""


class Crew(Protocol):
    """Workers that share one line of work."""

    def each(self, items: Iterator[Item], act: Callable[[Item], None]) -> None:
        """Acts on every item, several at a time; returns when all are done."""
