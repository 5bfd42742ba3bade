"""Names why a job failed, in a closed set that ASL's Retry and Catch can tell apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEPENDENCY_FAILED: Final = "Job.DependencyFailed"
FAILED: Final = "Job.Failed"
NOT_STARTED: Final = "Job.NotStarted"
OUT_OF_MEMORY: Final = "Job.OutOfMemory"
TERMINATED: Final = "Job.Terminated"

BY_BATCH: Final = (
    (
        "Job.Unschedulable",
        re.compile(r"^(.*JobStateTimeLimit action .*: *)?(MISCONFIGURATION:|ACTION_REQUIRED\b)"),
    ),
    (NOT_STARTED, re.compile(r"^.*JobStateTimeLimit action .*: *CAPACITY:")),
    (DEPENDENCY_FAILED, re.compile(r"^dependent job failed", re.IGNORECASE)),
    (
        "Job.TimedOut",
        re.compile(r"^(job attempt duration exceeded timeout|DeadlineExceeded\b)", re.IGNORECASE),
    ),
)
"""Reasons of Batch's own for ending a job; they come first, as Batch may mark such a job terminated.

Capacity comes back, so a job that waited for it in vain has not started, and is not unschedulable. On EKS, it
is Kubernetes that ends a pod at its deadline.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/active_deadline.go
"""

BY_REASON: Final = (
    (
        "Job.SpotInterruption",
        re.compile(
            r"(?i:Host EC2 .*(terminated|stopped)|Spot Task was interrupted|imminent node shutdown)"
            r"|^Terminated$|\b(NodeLost|Shutdown|Preempting|ContainerStatusUnknown)\b"
            r"|\bEvicted\b(?!.* exceed(s|ed) .*limit)"
        ),
    ),
    (
        OUT_OF_MEMORY,
        re.compile(
            r"OutOfMemory|(?i:due to memory usage|\bOOM[- ]?killed|\bOOM: |memory limit too low"
            r"|unable to set memory limit)"
        ),
    ),
    (
        "Job.ImagePull",
        re.compile(
            r"CannotPull|ImagePull|pull image|ErrImageNeverPull|InvalidImageName|ImageInspectError"
            r"|RegistryUnavailable",
            re.IGNORECASE,
        ),
    ),
)
"""What stands in the reasons of a job that nobody ended by hand: the words of ECS, Kubernetes, runc and crun.

A job has lost its host too where Kubernetes took the pod off its node, unless the pod wrote more than it may.

https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/nodeshutdown/nodeshutdown_manager.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/preemption/preemption.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/container/runtime.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/helpers.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/
https://github.com/opencontainers/runc/pull/2812
https://github.com/containers/crun/pull/635
"""

NEVER_STARTED: Final = re.compile(
    r"(?i:Task failed to start|TaskFailedToStart|ResourceInitializationError|Timeout waiting for "
    r"|CannotStartContainer|CannotCreate(Container|Volume)|CgroupError|failed to initialize logging driver"
    r"|(DockerTimeout|ContainerRuntimeTimeout)Error(?!.* transition to (stopp|inspect))"
    r"|^AGENT$|Capacity is unavailable at this time)|^CAPACITY:"
    r"|\bOutOf[a-z]|UnexpectedAdmissionError|NodeAffinity|NodePorts|NodeShutdown"
)
"""What is said of a container that never ran. One that stopped, or was looked at, too slowly has run.

Kubernetes' `OutOfmemory` is not an `OutOfMemoryError`: other pods have what this one asks for of the node.

https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_capacity.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity
https://github.com/aws/amazon-ecs-agent/blob/master/agent/dockerclient/dockerapi/errors.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/predicate.go
"""

WRONG_FOR_GOOD: Final = re.compile(
    r"exec format error|executable file not found|no such file or directory|not a directory|permission denied"
    r"|\bexec: |AccessDenied|not authorized|ResourceNotFound|does not exist|can't find|\binvalid\b"
    r"|unable to assume the role",
    re.IGNORECASE,
)
"""What another start would meet again: a wrong entry point, a missing log group or secret, no permission.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
"""

MAX_REASON: Final = 1_024
"""Characters of a reason that are read: the most that TerminateJob takes, and Batch's own are shorter.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
"""

KILLED: Final = 137
"""128 + SIGKILL: how the kernel ends a container above its memory, and ECS one that does not stop.

So it means memory where nobody says why, and nothing beside a reason.
"""

STOPPED: Final = 143
"""128 + SIGTERM: how ECS ends the other containers once an essential one has ended."""

NO_START: Final = 128
"""What Docker notes of a container that it could not start, but for a wrong entry point (126, 127).

https://github.com/moby/moby/blob/master/daemon/start.go
"""

GUESS: Final = "it was killed (exit code 137) and no reason is given, so out of memory is only a guess"
"""Ends the reason of a job that is called out of memory for its exit code alone."""

SAYS_NOTHING: Final = frozenset(
    {"", "Error", "Completed", "Essential container in task exited", "EssentialContainerExited"}
)
"""Reasons of Kubernetes and ECS that only say that a container has ended.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-terminated
"""


def named_error(detail: Mapping[str, Any]) -> tuple[str, str]:
    """Returns a failed job's error name and the reason that a person should read.

    The reason names the container where the job has several.
    """
    container = container_of(detail)
    status = _text(detail.get("statusReason")) or _text(_last_attempt(detail).get("statusReason"))
    reasons = (status, _text(container.get("reason")))
    name = _name(detail, container, reasons)
    told = [status, _told(container, several=len(_containers(detail)) > 1)]
    if name == OUT_OF_MEMORY and not _match(BY_REASON, reasons):
        told.append(GUESS)
    return name, "; ".join(dict.fromkeys(filter(None, told))) or "Batch gave no reason"


def container_of(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that tells how a job, or an attempt of one, ended; of a job that runs, its first.

    When an essential container ends, ECS ends all others, with SIGTERM and then SIGKILL. So of several that
    failed an essential one speaks before the others, and any before one that was just killed.
    https://docs.aws.amazon.com/batch/latest/APIReference/API_TaskContainerDetails.html
    """
    return min(_containers(detail), key=_rank, default={})


def _name(detail: Mapping[str, Any], container: Mapping[str, Any], reasons: Iterable[str]) -> str:
    by_batch = _match(BY_BATCH, reasons)
    if by_batch:
        return by_batch
    if detail.get("isTerminated") or detail.get("isCancelled"):
        return TERMINATED
    by_reason = _match(BY_REASON, reasons)
    if by_reason:
        return by_reason
    if _never_started(container, reasons):
        return NOT_STARTED
    killed_without_a_word = container.get("exitCode") == KILLED and SAYS_NOTHING.issuperset(reasons)
    return OUT_OF_MEMORY if killed_without_a_word else FAILED


def _match(patterns: Iterable[tuple[str, re.Pattern[str]]], reasons: Iterable[str]) -> str | None:
    found = (name for name, pattern in patterns if any(pattern.search(reason) for reason in reasons))
    return next(found, None)


def _never_started(container: Mapping[str, Any], reasons: Iterable[str]) -> bool:
    if container.get("exitCode") not in (None, NO_START) and not _just_killed(container):
        return False
    return any(map(NEVER_STARTED.search, reasons)) and not any(map(WRONG_FOR_GOOD.search, reasons))


def _told(container: Mapping[str, Any], *, several: bool) -> str:
    """What a container says, with its name where there are others."""
    reason, name, code = (
        _text(container.get("reason")),
        _text(container.get("name")),
        container.get("exitCode"),
    )
    if not several or not name:
        return reason
    if _has_a_reason(container):
        return f"container {name}: {reason}"
    return f"container {name} ended with exit code {code}" if code else ""


def _rank(container: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """The lower, the more a container has to do with the end; an unsaid `essential` means that it is."""
    failed = container.get("exitCode") not in (None, 0) or _has_a_reason(container)
    return not failed, container.get("essential") is False, _just_killed(container)


def _just_killed(container: Mapping[str, Any]) -> bool:
    return container.get("exitCode") in (KILLED, STOPPED) and not _has_a_reason(container)


def _has_a_reason(container: Mapping[str, Any]) -> bool:
    return _text(container.get("reason")) not in SAYS_NOTHING


def _containers(detail: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A job's containers; of one that has ended, with what only its last attempt tells of them."""
    shown, noted = _listed(detail), _listed(_last_attempt(detail))
    of_attempt = {_text(each.get("name")): each for each in noted}
    return [_completed(each, of_attempt.get(_text(each.get("name")), {})) for each in shown] or noted


def _completed(shown: Mapping[str, Any], noted: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**noted, **{name: value for name, value in shown.items() if value is not None}}


def _last_attempt(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The last attempt of a job that has ended; that of one which runs is not the one under way."""
    attempts = _dicts(detail.get("attempts")) or _dicts(detail.get("eksAttempts"))
    return attempts[-1] if attempts and _text(detail.get("status")) in TERMINAL else {}


def _listed(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers of a JobDetail, an AttemptDetail or an EksAttemptDetail, in the order they were begun.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
    """
    tasks = _dicts(_within(holder, "ecsProperties", "taskProperties")) + _dicts(holder.get("taskProperties"))
    pods = _dicts([_within(holder, "eksProperties", "podProperties"), holder])
    in_tasks = [each for task in tasks for each in _dicts(task.get("containers"))]
    kinds = ("initContainers", "containers")
    in_pods = [each for pod in pods for kind in kinds for each in _dicts(pod.get(kind))]
    return _dicts([holder.get("container")]) + in_tasks + in_pods


def _within(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """As much of a text as is read; nothing of what is none."""
    return value[:MAX_REASON] if isinstance(value, str) else ""
