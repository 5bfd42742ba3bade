"""Reads EventBridge's Batch Job State Change events; pure.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.events import detail_of, is_token, read_event
from sluice.tasks.completion import job_record
from sluice.tasks.model import Place
from sluice.tasks.submission import ARRAY, FORMER_KEY, JOB, KEY, NAME

if TYPE_CHECKING:
    from sluice.tasks.model import JobRecord

DETAIL_TYPE: Final = "Batch Job State Change"


@dataclass(frozen=True)
class EndedChild:
    """A job that has ended as a child of an array of Sluice's; its name is not known yet."""

    place: Place
    job: JobRecord


@dataclass(frozen=True)
class EndedArray:
    """An array of Sluice's of which all children have ended."""

    array_id: str


@dataclass(frozen=True)
class EndedJob:
    """A job of one of Sluice's tasks that has ended."""

    key: str = field(repr=False)
    job: JobRecord


Ended = EndedJob | EndedChild | EndedArray


def read_job_event(text: str) -> Ended | None:
    """Returns the ended job that the event (JSON text) tells of, or None if it is not Sluice's affair.

    Others' jobs, parts of a task's own job (array children, nodes) and jobs that have not ended are passed
    over on purpose, and so is text that is no such event: to deliver it again would not make it one.
    """
    detail = detail_of(read_event(text), DETAIL_TYPE)
    parameters = detail.get("parameters")
    if not isinstance(parameters, dict):
        return None
    if ARRAY in parameters:
        return _of_array(parameters[ARRAY], detail)
    if _is_part(detail):
        return None
    key, name = parameters.get(KEY, parameters.get(FORMER_KEY)), parameters.get(JOB)
    if not is_token(key) or not isinstance(name, str) or not NAME.fullmatch(name):
        return None
    job = job_record(name, detail)
    return EndedJob(key, job) if job.ended and job.job_id else None


def _of_array(array_id: Any, detail: dict[str, Any]) -> EndedChild | EndedArray | None:
    array, job = detail.get("arrayProperties"), job_record("", detail)
    if not is_token(array_id) or not isinstance(array, dict) or not job.ended or not job.job_id:
        return None
    if "index" not in array:
        return EndedArray(array_id)
    index = array["index"]
    return EndedChild(Place(array_id, index), job) if type(index) is int and index >= 0 else None


def _is_part(detail: dict[str, Any]) -> bool:
    """True for an array's child, `<id>:<index>`, and a node of a multi-node job, `<id>#<index>`.

    https://docs.aws.amazon.com/batch/latest/userguide/multi-node-parallel-jobs.html
    """
    array, job_id = detail.get("arrayProperties"), detail.get("jobId")
    is_child = isinstance(array, dict) and "index" in array
    return is_child or (isinstance(job_id, str) and not {":", "#"}.isdisjoint(job_id))
