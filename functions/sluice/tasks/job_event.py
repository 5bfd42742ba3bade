"""Reads EventBridge's Batch Job State Change events; pure.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.events import detail_of, is_token, read_event
from sluice.tasks.completion import job_record
from sluice.tasks.submission import FORMER_KEY, JOB, KEY, NAME

if TYPE_CHECKING:
    from sluice.tasks.model import JobRecord

DETAIL_TYPE: Final = "Batch Job State Change"


@dataclass(frozen=True)
class EndedJob:
    """A job of one of Sluice's tasks that has ended."""

    key: str = field(repr=False)
    job: JobRecord


def read_job_event(text: str) -> EndedJob | None:
    """Returns the ended job that the event (JSON text) tells of, or None if it is not Sluice's affair.

    Others' jobs, parts of a job (array children, nodes) and jobs that have not ended are passed over on
    purpose, and so is text that is no such event: to deliver it again would not make it one.
    """
    detail = detail_of(read_event(text), DETAIL_TYPE)
    parameters = detail.get("parameters")
    if not isinstance(parameters, dict) or _is_part(detail):
        return None
    key, name = parameters.get(KEY, parameters.get(FORMER_KEY)), parameters.get(JOB)
    if not is_token(key) or not isinstance(name, str) or not NAME.fullmatch(name):
        return None
    job = job_record(name, detail)
    return EndedJob(key, job) if job.ended and job.job_id else None


def _is_part(detail: dict[str, Any]) -> bool:
    """True for an array's child, `<id>:<index>`, and a node of a multi-node job, `<id>#<index>`.

    https://docs.aws.amazon.com/batch/latest/userguide/multi-node-parallel-jobs.html
    """
    array, job_id = detail.get("arrayProperties"), detail.get("jobId")
    is_child = isinstance(array, dict) and "index" in array
    return is_child or (isinstance(job_id, str) and not {":", "#"}.isdisjoint(job_id))
