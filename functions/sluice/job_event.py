"""Reads EventBridge's Batch Job State Change events; pure.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.completion import job_record
from sluice.event import detail_of, read_event

if TYPE_CHECKING:
    from sluice.model import JobRecord

DETAIL_TYPE: Final = "Batch Job State Change"


@dataclass(frozen=True)
class EndedJob:
    """A job of one of Sluice's tasks that has ended."""

    token: str = field(repr=False)
    job: JobRecord


def read_job_event(text: str) -> EndedJob | None:
    """Returns the ended job that the event (JSON text) tells of, or None if it is not Sluice's affair.

    Others' jobs, array children and jobs that have not ended are passed over on purpose, and so is
    text that is no such event: to deliver it again would not make it one.
    """
    event = read_event(text)
    detail = detail_of(event) if event.get("detail-type") == DETAIL_TYPE else {}
    parameters = detail.get("parameters")
    if not isinstance(parameters, dict) or _is_array_child(detail):
        return None
    token, name = parameters.get("taskToken"), parameters.get("taskJob")
    if not (isinstance(token, str) and token and isinstance(name, str) and name):
        return None
    job = job_record(name, detail)
    return EndedJob(token, job) if job.ended and job.job_id else None


def _is_array_child(detail: dict[str, Any]) -> bool:
    array = detail.get("arrayProperties")
    job_id = detail.get("jobId")
    return (isinstance(array, dict) and "index" in array) or (isinstance(job_id, str) and ":" in job_id)
