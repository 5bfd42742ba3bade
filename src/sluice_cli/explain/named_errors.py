"""What each named error means to a person, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Meaning:
    """An error in words; names in braces are filled in.

    Attributes:
        says: what happened, as the end of a sentence that begins with the sample.
        advice: what to do next, most helpful first.
    """

    says: str
    advice: tuple[str, ...]


_LOGS: Final = "Read what the job printed: {logs}"
_AGAIN: Final = "Once that is fixed, {again}"
_ANEW: Final = "Once that is fixed, {anew}"
_AS_IT_IS: Final = "Nothing is wrong with the sample: {again}"
_BY_MISTAKE: Final = "If it was by mistake, {again}"
_MEND: Final = "If its row in the sheet is wrong, correct it and {mend}"

MEANINGS: Final[Mapping[str, Meaning]] = {
    "Job.OutOfMemory": Meaning(
        "job {job} ran out of memory ({said})",
        (
            "Give the job more memory: MEMORY in its resourceRequirements.",
            "The low-pass workflow doubles it up to the stack's parameter MaxMemoryMib.",
            _LOGS,
            _ANEW,
        ),
    ),
    "Job.SpotInterruption": Meaning(
        "job {job} lost its host {attempts} and has no attempt left ({reason})",
        (
            _AS_IT_IS,
            "If it happens often, allow more attempts: a retryStrategy with evaluateOnExit `Host EC2*`.",
            "Or put an on-demand compute environment into the job queue.",
        ),
    ),
    "Job.NotStarted": Meaning(
        "job {job} could not be started: {reason}",
        (
            _AS_IT_IS,
            "Add a Retry on Job.NotStarted to the state, as the low-pass workflow has.",
            "CAPACITY: AWS has no such instances now; allow more instance types or Availability Zones.",
            "If it happens often, check the hosts' disks, and the subnets' free addresses and routes.",
            "If the log driver was throttled, raise the quota of CreateLogStream: each job calls it once.",
        ),
    ),
    "Job.ImagePull": Meaning(
        "the container image of job {job} could not be pulled: {reason}",
        (
            "Check that the image and its tag exist, and that the execution role may read the repository.",
            "Check that the subnets reach the registry: public addresses, a NAT gateway or VPC endpoints.",
            "If the registry had too many requests, copy the image to Amazon ECR.",
            "Check the stack: sluice doctor",
            _AGAIN,
        ),
    ),
    "Job.TimedOut": Meaning(
        "job {job} ran longer than its timeout allows ({reason})",
        (
            "Find out from its log whether it hung: {logs}",
            "If it only needs longer, raise its timeout: AttemptTimeoutSeconds for the low-pass jobs.",
            _ANEW,
        ),
    ),
    "Job.Unschedulable": Meaning(
        "Batch could find no place for job {job}: {reason}",
        (
            "Compare the vCPUs, memory and GPUs that it asks for with the queue's compute environments.",
            "Check the queue and its compute environments: sluice doctor",
            _ANEW,
        ),
    ),
    "Job.Terminated": Meaning(
        "job {job} was terminated or cancelled: {reason}",
        (
            "CloudTrail shows who did it: look for TerminateJob(s) or CancelJob(s) of {job_id}.",
            _BY_MISTAKE,
        ),
    ),
    "Job.DependencyFailed": Meaning(
        "job {job} never ran, because {needed} that it depends on failed ({reason})",
        ("Fix that job first: the fault is in it, not in this one.", _AGAIN),
    ),
    "Job.Failed": Meaning(
        "job {job} failed{with_code} ({reason})",
        (_LOGS, _MEND, "If something else was wrong, fix it and {anew}"),
    ),
    "Task.Invalid": Meaning(
        "state {state} asks for something that Sluice does not understand: {reason}",
        (
            _MEND,
            "Otherwise fix the state's Parameters or Arguments; Sluice's README describes a task's input.",
            _ANEW,
        ),
    ),
    "Task.Rejected": Meaning(
        "Batch refused to take job {job}: {reason}",
        (
            _MEND,
            "Otherwise fix the request in the workflow's definition.",
            "Job queue and definition must be the stack's (JobQueueArns, JobDefinitionArns), and active.",
            _ANEW,
        ),
    ),
    "States.Timeout": Meaning(
        "state {state} took longer than its TimeoutSeconds; its jobs were ended",
        ("Raise the state's TimeoutSeconds, or see why its jobs took so long: {logs}", _ANEW),
    ),
    "States.HeartbeatTimeout": Meaning(
        "state {state} got no heartbeat for {heartbeat}, {reason}",
        (
            "Give the state a HeartbeatSeconds of three times the stack's ReconcileHeartbeatSeconds or more.",
            "Give it a Retry on States.Timeout and States.HeartbeatTimeout: it stops the old jobs first.",
            "Check whether reconcile_tasks runs: sluice doctor",
            _ANEW,
        ),
    ),
}

OUT_OF_MEMORY_GUESSED: Final = Meaning(
    "job {job} was killed, perhaps for its memory ({reason})",
    (
        "Compare the memory it had with what it needs; its log may end abruptly: {logs}",
        *MEANINGS["Job.OutOfMemory"].advice[:2],
        "If it had enough memory, look for what else sends SIGKILL: the host, or the program itself.",
        _ANEW,
    ),
)
EXECUTION_TIMED_OUT: Final = Meaning(
    "the whole execution took longer than its state machine's TimeoutSeconds; {reason}",
    (
        "Raise the state machine's TimeoutSeconds, or see why the sample took so long.",
        "Check the stack: sluice doctor",
        _ANEW,
    ),
)
ABORTED: Final = Meaning(
    "by hand (StopExecution){reason}",
    (
        "CloudTrail shows who did it: look for StopExecution. Sluice stops a stopped execution's jobs.",
        _BY_MISTAKE,
    ),
)
CANCELLED: Final = Meaning(
    "as its cohort was cancelled",
    ("To run it after all, {again}",),
)
OTHER: Final = Meaning(
    "state {state} failed with {error}: {reason}",
    (
        "Sluice has no error of this name: look in the workflow's definition, or at the service it called.",
        _ANEW,
    ),
)
IN_NESTED: Final = "in execution {name} of state {state}, {says}"
