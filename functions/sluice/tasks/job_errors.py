"""Names why a job failed, in a closed set that ASL's Retry and Catch can tell apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEPENDENCY_FAILED: Final = "Job.DependencyFailed"
FAILED: Final = "Job.Failed"
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
    (OUT_OF_MEMORY, re.compile(r"OutOfMemory", re.IGNORECASE)),
    ("Job.ImagePull", re.compile(r"CannotPull|ImagePull|pull image", re.IGNORECASE)),
)
"""What stands in the statusReason or the container's reason of a job that nobody ended by hand.

https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html
"""

MAX_REASON: Final = 1_024
"""Characters of a reason that are read: the most that TerminateJob takes, and Batch's own are shorter.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
"""

OUT_OF_MEMORY_EXIT_CODE: Final = 137
"""128 + SIGKILL: how the kernel ends a container above its memory."""


def named_error(detail: Mapping[str, Any]) -> tuple[str, str]:
    """Returns a failed job's error name and the reason that a person should read."""
    reasons = _reasons(detail)
    return _name(detail, reasons), "; ".join(reasons) or "Batch gave no reason"


def _name(detail: Mapping[str, Any], reasons: tuple[str, ...]) -> str:
    by_batch = _match(BY_BATCH, reasons)
    if by_batch:
        return by_batch
    if detail.get("isTerminated") or detail.get("isCancelled"):
        return TERMINATED
    killed = container_of(detail).get("exitCode") == OUT_OF_MEMORY_EXIT_CODE
    return _match(BY_REASON, reasons) or (OUT_OF_MEMORY if killed else FAILED)


def _match(patterns: Iterable[tuple[str, re.Pattern[str]]], reasons: tuple[str, ...]) -> str | None:
    found = (name for name, pattern in patterns if any(pattern.search(reason) for reason in reasons))
    return next(found, None)


def container_of(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container of a JobDetail that tells how the job ended: of several the first that failed.

    Jobs on ECS task or EKS pod properties have theirs in other places:
    https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
    """
    tasks = _within(detail, "ecsProperties", "taskProperties")
    pods = [_within(detail, "eksProperties", "podProperties")]
    nested = [each for owner in (_list(tasks) + pods) for each in _list(_within(owner, "containers"))]
    containers = [each for each in (detail.get("container"), *nested) if isinstance(each, dict)]
    failed = [each for each in containers if each.get("exitCode") not in (None, 0)]
    return next(iter(failed + containers), {})


def _within(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _reasons(detail: Mapping[str, Any]) -> tuple[str, ...]:
    given = (detail.get("statusReason"), container_of(detail).get("reason"))
    return tuple(dict.fromkeys(text[:MAX_REASON] for text in given if isinstance(text, str) and text))
