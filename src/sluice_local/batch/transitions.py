"""The life of one job as a pure state machine: what happened goes in, the new job and its effects come out.

Source: https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sluice_local.batch.model import Attempt, Exit, Job, JobStatus, Placement
from sluice_local.batch.retries import retries

DEPENDENCY_FAILED = "Dependent Job failed"
"""The status reason that Batch gives to a job whose dependency failed."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The scheduler looked at a submitted job; `waits` when something must end first."""

    waits: bool


@dataclass(frozen=True, slots=True)
class DependenciesMet:
    """Everything that the job depends on has succeeded."""


@dataclass(frozen=True, slots=True)
class DependencyFailed:
    """Something that the job depends on has failed."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """No compute environment of the queue can take the job."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unblocked:
    """What kept the job from being placed has been fixed."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The job was given a slot."""

    placement: Placement


@dataclass(frozen=True, slots=True)
class Started:
    """The job's program runs."""


@dataclass(frozen=True, slots=True)
class Exited:
    """The job's program ended, or could not be started."""

    exit: Exit


@dataclass(frozen=True, slots=True)
class Cancelled:
    """CancelJob was called."""

    reason: str


@dataclass(frozen=True, slots=True)
class Terminated:
    """TerminateJob was called."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChildrenChanged:
    """An array's children stand so: how many are in each state."""

    children: Mapping[JobStatus, int]


Happening = (
    Evaluated
    | DependenciesMet
    | DependencyFailed
    | Blocked
    | Unblocked
    | Placed
    | Started
    | Exited
    | Cancelled
    | Terminated
    | ChildrenChanged
)


class Effect(StrEnum):
    """What the caller has to do after a step."""

    PUBLISH = "tell the event bus"
    QUEUE = "put the job into its queue"
    KILL = "end the job's program"
    SETTLE = "tell those who depend on the job"


@dataclass(frozen=True, slots=True)
class Step:
    """A job after something happened, and what to do about it. No effects: nothing changed."""

    job: Job
    effects: frozenset[Effect] = frozenset()


def advance(job: Job, happening: Happening, *, now_ms: int) -> Step:
    """Apply what happened to a job.

    Whatever does not fit the job's state, a late or repeated happening, changes nothing.
    """
    if job.status.ended:
        return Step(job)
    if job.is_array_parent:
        return _advance_parent(job, happening, now_ms)
    if isinstance(happening, Cancelled | Terminated):
        return _stop(job, happening, now_ms)
    if job.status is JobStatus.SUBMITTED or job.status is JobStatus.PENDING:
        return _decide(job, happening, now_ms)
    return _run(job, happening, now_ms)


def _decide(job: Job, happening: Happening, now_ms: int) -> Step:
    """What becomes of a job that may still wait for others."""
    match job.status, happening:
        case JobStatus.SUBMITTED, Evaluated(waits=True):
            return _moved(job, JobStatus.PENDING)
        case (JobStatus.SUBMITTED, Evaluated()) | (JobStatus.PENDING, DependenciesMet()):
            return _moved(job, JobStatus.RUNNABLE, Effect.QUEUE)
        case _, DependencyFailed():
            return _ended(job, JobStatus.FAILED, DEPENDENCY_FAILED, now_ms)
    return Step(job)


def _run(job: Job, happening: Happening, now_ms: int) -> Step:
    """What becomes of a job that waits for nothing but a slot, or has one."""
    match job.status, happening:
        case JobStatus.RUNNABLE, Blocked(reason=reason):
            return Step(replace(job, status_reason=reason))
        case JobStatus.RUNNABLE, Unblocked():
            return Step(replace(job, status_reason=None), frozenset({Effect.QUEUE}))
        case JobStatus.RUNNABLE, Placed(placement=placement):
            return _moved(replace(job, placement=placement), JobStatus.STARTING)
        case JobStatus.STARTING, Started():
            return _started(job, now_ms)
        case ((JobStatus.STARTING | JobStatus.RUNNING), Exited(exit=exit_)):
            return _exited(job, exit_, now_ms)
    return Step(job)


def _stop(job: Job, happening: Cancelled | Terminated, now_ms: int) -> Step:
    """End a waiting job at once; a placed one only by TerminateJob, and when its program is gone.

    Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJob.html
    """
    marked = _marked(job, happening)
    if job.status.waiting:
        return _ended(marked, JobStatus.FAILED, happening.reason, now_ms)
    if isinstance(happening, Terminated) and not job.is_terminated:
        return Step(marked, frozenset({Effect.KILL}))
    return Step(job)


def _marked(job: Job, happening: Cancelled | Terminated) -> Job:
    if isinstance(happening, Cancelled):
        return replace(job, is_cancelled=True, status_reason=happening.reason)
    return replace(job, is_terminated=True, status_reason=happening.reason)


def _advance_parent(job: Job, happening: Happening, now_ms: int) -> Step:
    """An array's parent waits in PENDING until the last child has ended.

    Source: https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
    """
    match happening:
        case Evaluated() if job.status is JobStatus.SUBMITTED:
            return _moved(job, JobStatus.PENDING)
        case Cancelled() | Terminated() if not (job.is_cancelled or job.is_terminated):
            return Step(_marked(job, happening))
        case ChildrenChanged(children=children):
            return _children_changed(replace(job, children=children), now_ms)
    return Step(job)


def _children_changed(parent: Job, now_ms: int) -> Step:
    succeeded = parent.children.get(JobStatus.SUCCEEDED, 0)
    failed = parent.children.get(JobStatus.FAILED, 0)
    if succeeded + failed < (parent.spec.array_size or 0):
        return Step(parent)
    if not failed:
        return _ended(parent, JobStatus.SUCCEEDED, None, now_ms)
    return _ended(parent, JobStatus.FAILED, parent.status_reason or "Array Child Job failed", now_ms)


def _started(job: Job, now_ms: int) -> Step:
    placement = job.placement and replace(job.placement, started_at_ms=now_ms)
    return _moved(replace(job, placement=placement, started_at_ms=now_ms), JobStatus.RUNNING)


def _exited(job: Job, exit_: Exit, now_ms: int) -> Step:
    if job.placement is None:
        return Step(job)
    attempts = (*job.attempts, Attempt(job.placement, exit_, now_ms))
    after = replace(job, attempts=attempts)
    if job.is_terminated:
        return _ended(after, JobStatus.FAILED, job.status_reason, now_ms)
    if exit_.succeeded:
        return _ended(after, JobStatus.SUCCEEDED, exit_.status_reason, now_ms)
    if retries(job.spec.retry, exit_, attempts_made=len(attempts)):
        again = replace(after, status_reason=exit_.status_reason, placement=None)
        return _moved(again, JobStatus.RUNNABLE, Effect.QUEUE)
    return _ended(after, JobStatus.FAILED, exit_.status_reason, now_ms)


def _moved(job: Job, status: JobStatus, *effects: Effect) -> Step:
    return Step(replace(job, status=status), frozenset({Effect.PUBLISH, *effects}))


def _ended(job: Job, status: JobStatus, reason: str | None, now_ms: int) -> Step:
    ended = replace(job, status_reason=reason, stopped_at_ms=now_ms)
    return _moved(ended, status, Effect.SETTLE)
