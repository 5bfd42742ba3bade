"""The children of array jobs, as Batch remembers them.

https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sluice_cli.aws.ports import Api

ENDED: Final = ("SUCCEEDED", "FAILED")


@dataclass(frozen=True)
class Child:
    """A child of an array job; times are ms since the epoch, None for what has not happened."""

    index: int
    status: str
    started_ms: int | None = None
    stopped_ms: int | None = None
    exit_code: int | None = None
    reason: str | None = None


def children_of(api: Api, job_id: str, statuses: Iterable[str] = ENDED) -> tuple[Child, ...]:
    """Lists the children of an array job by their index; none of an array that Batch has forgotten.

    Args:
        api: AWS.
        job_id: of the array's parent.
        statuses: of the children that are wanted; each is a call of its own.

    Raises:
        AwsError: AWS refused a call.
    """
    found = [_child(each) for status in statuses for each in _listed(api, job_id, status)]
    return tuple(sorted(found, key=lambda child: child.index))


def array_size(request: Mapping[str, Any]) -> int | None:
    """How many children the job has that a SubmitJob asks for; None if it is no array."""
    size = (request.get("arrayProperties") or {}).get("size")
    return size if isinstance(size, int) else None


def _listed(api: Api, job_id: str, status: str) -> Iterator[Mapping[str, Any]]:
    for page in api.pages("batch", "list_jobs", arrayJobId=job_id, jobStatus=status):
        yield from page["jobSummaryList"]


def _child(summary: Mapping[str, Any]) -> Child:
    container = summary.get("container") or {}
    return Child(
        index=summary["arrayProperties"]["index"],
        status=str(summary.get("status")),
        started_ms=summary.get("startedAt"),
        stopped_ms=summary.get("stoppedAt"),
        exit_code=container.get("exitCode"),
        reason=container.get("reason") or summary.get("statusReason"),
    )
