"""What a Batch job is: frozen records that the other modules of this package pass round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = Mapping[str, Any]
"""A request or response in Batch's own camelCase words."""


class JobStatus(StrEnum):
    """The states of a job, in the order in which a job goes through them.

    Source: https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
    """

    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether no further state follows."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED)

    @property
    def waiting(self) -> bool:
        """Whether the job has not been placed yet, so that CancelJob still has an effect."""
        return self in (JobStatus.SUBMITTED, JobStatus.PENDING, JobStatus.RUNNABLE)


class RequestRefusedError(Exception):
    """Raised when a request is not one that Batch accepts; the message says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The account and Region that a resource lives in."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        """Name a Batch resource such as `job-queue/spot` in this account and Region."""
        return f"arn:aws:batch:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class ExitRule:
    """One `evaluateOnExit` entry: the action when every given pattern matches; None matches anything."""

    action: str
    on_exit_code: str | None = None
    on_reason: str | None = None
    on_status_reason: str | None = None


@dataclass(frozen=True, slots=True)
class RetryStrategy:
    """How many attempts a job has in all, and the rules that decide after a failed one."""

    attempts: int = 1
    rules: tuple[ExitRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Dependency:
    """A job that must succeed first; `kind` is SEQUENTIAL or N_TO_N for array jobs, else None."""

    job_id: str | None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What was asked for: a definition with a request laid over it. It never changes.

    `container` and `passed_through` are what DescribeJobs shows; `command` has its `Ref::` placeholders
    filled in. `array_size` is set on an array's parent, `array_index` on its children.
    """

    job_id: str
    name: str
    scope: Scope
    queue_arn: str
    definition_arn: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    parameters: Mapping[str, str]
    container: Document
    passed_through: Document
    retry: RetryStrategy = RetryStrategy()
    timeout_seconds: int | None = None
    memory_mib: int | None = None
    depends_on: tuple[Dependency, ...] = ()
    array_size: int | None = None
    array_index: int | None = None

    @property
    def arn(self) -> str:
        """The job's ARN."""
        return self.scope.arn(f"job/{self.job_id}")

    @property
    def definition_name(self) -> str:
        """The job definition's name without its revision."""
        return self.definition_arn.rpartition("/")[2].rpartition(":")[0]

    @property
    def parent_id(self) -> str:
        """The id of the array that this job is a child of, else its own id."""
        return self.job_id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one attempt runs: its task, its log stream, and when it reached RUNNING (ms).

    `compute_environment` is the ARN of the one that runs it, `on_fargate` whether that is on Fargate.
    """

    task_arn: str
    log_stream: str
    started_at_ms: int | None = None
    compute_environment: str = ""
    on_fargate: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """How one attempt ended: the container's exit code and reason, and the task's status reason."""

    exit_code: int | None
    reason: str | None = None
    status_reason: str = "Essential container in task exited"
    timed_out: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the program ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished attempt."""

    placement: Placement
    exit: Exit
    stopped_at_ms: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands now. Times are milliseconds since the epoch."""

    spec: JobSpec
    created_at_ms: int
    status: JobStatus = JobStatus.SUBMITTED
    status_reason: str | None = None
    started_at_ms: int | None = None
    stopped_at_ms: int | None = None
    placement: Placement | None = None
    attempts: tuple[Attempt, ...] = ()
    is_cancelled: bool = False
    is_terminated: bool = False
    children: Mapping[JobStatus, int] = field(default_factory=dict)

    @property
    def is_array_parent(self) -> bool:
        """Whether this job runs nothing itself and stands for its children."""
        return self.spec.array_size is not None

    @property
    def attempt_just_ended(self) -> Attempt | None:
        """The attempt whose end brought the job into its present state, if that is what did."""
        last = self.attempts[-1] if self.attempts else None
        retried = self.status is JobStatus.RUNNABLE
        ended_by_it = last is not None and self.status.ended and self.placement == last.placement
        return last if retried or ended_by_it else None
