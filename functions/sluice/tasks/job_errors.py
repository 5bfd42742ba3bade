"""Names why a job failed, in a closed set that ASL's Retry and Catch can tell apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEPENDENCY_FAILED: Final = "Job.DependencyFailed"
FAILED: Final = "Job.Failed"
NOT_STARTED: Final = "Job.NotStarted"
OUT_OF_MEMORY: Final = "Job.OutOfMemory"
TERMINATED: Final = "Job.Terminated"

BY_BATCH: Final = (
    ("Job.Unschedulable", re.compile(r"^(.*JobStateTimeLimit action .*: *)?(MISCONFIGURATION|CAPACITY):")),
    (DEPENDENCY_FAILED, re.compile(r"dependent job failed", re.IGNORECASE)),
    ("Job.TimedOut", re.compile(r"attempt duration exceeded timeout", re.IGNORECASE)),
)
"""Reasons of Batch's own for ending a job; they come first, as Batch may mark such a job terminated.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_misconfiguration.html
https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
"""

BY_REASON: Final = (
    ("Job.SpotInterruption", re.compile(r"Host EC2 .* terminated|Spot Task was interrupted", re.IGNORECASE)),
    (OUT_OF_MEMORY, re.compile(r"OutOfMemory|OOM-?killed", re.IGNORECASE)),
    ("Job.ImagePull", re.compile(r"CannotPull|ImagePull|pull image", re.IGNORECASE)),
)
"""What stands in the statusReason or a container's reason of a job that nobody ended by hand.

Memory runs out in the words of ECS (OutOfMemoryError), of Kubernetes (OOMKilled, whatever the exit code)
and of runc (OOM-killed, when the limit is too low to start).

https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html
https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/
"""

NEVER_STARTED: Final = re.compile(
    r"Task failed to start|ResourceInitializationError|Timeout waiting for|DockerTimeoutError"
    r"|CannotStart\w*|CannotCreate\w*|CannotInspect\w*|CgroupError|ContainerRuntimeError",
    re.IGNORECASE,
)
"""How ECS says that no program ever ran: the host, the network or the log driver was not ready.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

WRONG_PROGRAM: Final = re.compile(
    r"no such file or directory|executable file not found|exec format error|permission denied", re.IGNORECASE
)
"""Why a container never starts, however often it is tried: its image or its command is wrong."""

MAX_REASON: Final = 1_024
"""Characters of a reason that are read: the most that TerminateJob takes, and Batch's own are shorter.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
"""

OUT_OF_MEMORY_EXIT_CODE: Final = 137
"""128 + SIGKILL: how the kernel ends a container above its memory."""

KILLED: Final = (OUT_OF_MEMORY_EXIT_CODE, 143)
"""128 + SIGKILL and 128 + SIGTERM: how the other containers end when an essential one has.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TaskContainerDetails.html
"""

_POD_LISTS: Final = ("initContainers", "containers")

GUESS: Final = "exit code 137 without a reason: it was probably killed for its memory"


def named_error(detail: Mapping[str, Any]) -> tuple[str, str]:
    """Returns a failed job's error name and the reason that a person should read."""
    reasons = _reasons(detail)
    name = _name(detail, reasons)
    guessed = name == OUT_OF_MEMORY and not _match(BY_REASON, reasons)
    return name, "; ".join((*reasons, GUESS) if guessed else reasons) or "Batch gave no reason"


def _name(detail: Mapping[str, Any], reasons: tuple[str, ...]) -> str:
    by_batch = _match(BY_BATCH, reasons)
    if by_batch:
        return by_batch
    if detail.get("isTerminated") or detail.get("isCancelled"):
        return TERMINATED
    by_reason = _match(BY_REASON, reasons)
    if by_reason:
        return by_reason
    exit_code = container_of(detail).get("exitCode")
    if exit_code is None and _never_started(reasons):
        return NOT_STARTED
    return OUT_OF_MEMORY if exit_code == OUT_OF_MEMORY_EXIT_CODE else FAILED


def _never_started(reasons: tuple[str, ...]) -> bool:
    """True if no program ran, for a cause that may be gone at the next try."""
    said = "; ".join(reasons)
    return NEVER_STARTED.search(said) is not None and WRONG_PROGRAM.search(said) is None


def _match(patterns: Iterable[tuple[str, re.Pattern[str]]], reasons: tuple[str, ...]) -> str | None:
    found = (name for name, pattern in patterns if any(pattern.search(reason) for reason in reasons))
    return next(found, None)


def container_of(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container of a JobDetail that tells how the job ended.

    Of several it is one that failed: an essential container before others, as the job ends with it, and one
    that ended by itself or for its memory before those that were killed because of it.

    Jobs on ECS task or EKS pod properties have theirs in other places:
    https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
    """
    containers = _containers(detail)
    failed = [each for each in containers if each.get("exitCode") not in (None, 0) or _reason(each)]
    return min(failed, key=_rank, default=next(iter(containers), {}))


def _containers(detail: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All containers of a job: its only one, those of its ECS tasks, and those of its pod."""
    tasks = _list(_within(detail, "ecsProperties", "taskProperties"))
    pod = _within(detail, "eksProperties", "podProperties")
    lists = [*(_within(task, "containers") for task in tasks), *(_within(pod, name) for name in _POD_LISTS)]
    nested = [each for listed in lists for each in _list(listed)]
    return [each for each in (detail.get("container"), *nested) if isinstance(each, dict)]


def _rank(container: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whose word counts most: the least rank."""
    out_of_memory = _match(BY_REASON, (_reason(container),)) is not None
    was_killed = any(container.get("exitCode") == code for code in KILLED) and not out_of_memory
    return container.get("essential") is False, was_killed


def _reason(container: Mapping[str, Any]) -> str:
    reason = container.get("reason")
    return reason if isinstance(reason, str) else ""


def _within(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _reasons(detail: Mapping[str, Any]) -> tuple[str, ...]:
    given = (detail.get("statusReason"), container_of(detail).get("reason"))
    return tuple(dict.fromkeys(text[:MAX_REASON] for text in given if isinstance(text, str) and text))
