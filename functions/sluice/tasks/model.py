"""The words of Sluice: tasks, their jobs, what is known of each, and how a task ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TERMINAL = frozenset({SUCCEEDED, FAILED})
"""The statuses in which a Batch job has ended.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""


class TaskState(StrEnum):
    """Where a task stands; every state but OPEN is final."""

    OPEN = "OPEN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABANDONED = "ABANDONED"


@dataclass(frozen=True)
class Dependency:
    """An entry of a job's `dependsOn`: the job of the same task that it names, and SubmitJob's arguments."""

    job_name: str | None
    request: Mapping[str, Any]


@dataclass(frozen=True)
class JobSpec:
    """A job as the workflow asked for it; `request` is SubmitJob's arguments less name and dependencies.

    `index` is its place among the jobs of the task's input.
    """

    name: str
    request: Mapping[str, Any]
    depends_on: tuple[Dependency, ...]
    index: int

    @property
    def needs(self) -> frozenset[str]:
        """The names of this task's jobs that must succeed before this one starts."""
        return frozenset(d.job_name for d in self.depends_on if d.job_name is not None)


KEY_DIGITS: Final = 32
"""Of a task's key: as many bits as a UUID has, and no two tokens will ever share one."""


def task_key(token: str) -> str:
    """Names a task for everybody: the first hexadecimal digits of its token's SHA-256.

    Whoever has the token may complete the task, so that it stands in the task table alone. The key stands in
    jobs, events and logs.
    """
    return hashlib.sha256(token.encode()).hexdigest()[:KEY_DIGITS]


@dataclass(frozen=True)
class Task:
    """An activity task: its token and its jobs, each after the jobs that it depends on.

    `execution_arn` is empty where the task does not say whose it is. Of one that is `like_sync`, output and
    cause are those of `batch:submitJob.sync`, and it has one job.
    `keyed_by_token` says that a former version began it, whose tasks and jobs were known by their tokens.
    `vary` names the parameters of its one job in which it differs from others that may share an array.
    """

    token: str = field(repr=False)
    execution_arn: str
    state_name: str
    jobs: tuple[JobSpec, ...]
    fail_fast: bool = True
    like_sync: bool = False
    keyed_by_token: bool = False
    vary: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the task table, and its jobs, know the task by."""
        return self.token if self.keyed_by_token else task_key(self.token)


@dataclass(frozen=True)
class JobRecord:
    """What is known of one job; times are ms since the epoch, as Batch gives them.

    `status` is None until the job is known to Batch. `error` and `reason` are set for a failed job,
    `missing_at` for one that Batch did not know when it was asked first. `attempt_details` is a JSON list of
    what is known of its attempts, `document` the JSON that a task like `batch:submitJob.sync` gives of it.
    `status_reason` is that of a job that succeeded.
    """

    name: str
    job_id: str | None = None
    status: str | None = None
    attempts: int | None = None
    created_at: int | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    exit_code: int | None = None
    log_stream_name: str | None = None
    error: str | None = None
    reason: str | None = None
    status_reason: str | None = None
    attempt_details: str | None = None
    document: str | None = None
    missing_at: int | None = None

    @property
    def ended(self) -> bool:
        """True when Batch will not change this job any more."""
        return self.status in TERMINAL


@dataclass(frozen=True)
class Trouble:
    """A job that cannot be submitted: how often SubmitJob failed, since when (ms), and its last answer."""

    job_name: str
    failures: int
    since: int
    answer: str


@dataclass(frozen=True)
class Place:
    """A task's place in an array: the array's id in the task table, and the index of its child."""

    array_id: str
    index: int


@dataclass(frozen=True)
class TaskRecord:
    """A task with the state of its jobs, as the task table keeps it; times are ms since the epoch.

    `fault` says why no task can be made of the input that is kept; of its jobs the names are known then.
    `trouble` is there while a job of it cannot be submitted. Of a task that was to be submitted in an array
    `place` is there, and `array_ended_at` once that has ended.
    """

    task: Task
    state: TaskState
    jobs: Mapping[str, JobRecord]
    created_at: int
    heartbeat_at: int
    fault: str | None = None
    trouble: Trouble | None = None
    place: Place | None = None
    array_ended_at: int | None = None


def new_record(task: Task, now_ms: int) -> TaskRecord:
    """A task of which nothing but the intent is known."""
    jobs = {job.name: JobRecord(job.name) for job in task.jobs}
    return TaskRecord(task, TaskState.OPEN, jobs, created_at=now_ms, heartbeat_at=now_ms)


@dataclass(frozen=True)
class Submitted:
    """A task's one job was submitted together with others, and has this id."""

    job_id: str


class Turn(Enum):
    """What a task that waited for a slot does next."""

    SLOT = "submit its job, now: the slot is its own"
    ALONE = "wait for a slot of its own, now and later"
    AGAIN = "wait once more, with others if there are any"
    LEFT = "leave its job to its next owner"


@dataclass(frozen=True)
class ActivityTask:
    """A task as GetActivityTask hands it out."""

    token: str = field(repr=False)
    input: str


@dataclass(frozen=True)
class OpenTask:
    """An entry of the index of open tasks; `token` is there for those that are due for a heartbeat.

    `record` is the task as it was a moment ago, for those that need no claim if nothing is to be done.
    """

    key: str = field(repr=False)
    created_at: int
    heartbeat_at: int
    token: str = field(default="", repr=False)
    record: TaskRecord | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OpenTry:
    """An open task of an execution's state; tasks of equal `jobs_digest` ask for the same jobs."""

    key: str = field(repr=False)
    jobs_digest: str


@dataclass(frozen=True)
class Noted:
    """The answer to a note about a job: the task as it is now, None if there is no such task or job."""

    record: TaskRecord | None
    changed: bool


@dataclass(frozen=True)
class Succeeded:
    """The task's jobs all succeeded; `output` is the JSON that the workflow gets."""

    output: str
    state: TaskState = TaskState.SUCCEEDED


@dataclass(frozen=True)
class Failed:
    """The task failed; `error` is what ASL's Retry and Catch match, `cause` is JSON for a person."""

    error: str
    cause: str
    state: TaskState = TaskState.FAILED


Outcome = Succeeded | Failed
