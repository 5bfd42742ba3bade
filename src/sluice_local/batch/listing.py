"""Which jobs ListJobs answers with, and in which pages.

Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sluice_local.batch.model import Document, Job, JobStatus, RequestRefusedError

PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the jobs asked for, newest first, and the token of the next page if there is one."""

    jobs: tuple[Job, ...]
    next_token: str | None


def list_page(jobs: Sequence[Job], request: Document) -> Page:
    """Choose from the jobs of one queue or array, given oldest first.

    With a filter, jobs of every status are listed; without, those of `jobStatus`, which is RUNNING unless
    given. The token of a page is the id of its last job, so jobs that come in between move nothing.

    Raises:
        RequestRefusedError: an unknown filter or status, or more than one filter.
    """
    chosen = [job for job in _selected(jobs, request) if _wanted_status(job, request)]
    newest_first = chosen[::-1]
    begin = _begin(newest_first, request.get("nextToken"))
    limit = min(request.get("maxResults") or PAGE_MAX, PAGE_MAX)
    page = tuple(newest_first[begin : begin + limit])
    more = begin + limit < len(newest_first)
    return Page(page, page[-1].spec.job_id if more else None)


def _begin(jobs: Iterable[Job], token: str | None) -> int:
    if token is None:
        return 0
    for position, job in enumerate(jobs):
        if job.spec.job_id == token:
            return position + 1
    raise RequestRefusedError(f"nextToken {token!r} belongs to no page of this request")


def _wanted_status(job: Job, request: Document) -> bool:
    if request.get("filters"):
        return True
    status = request.get("jobStatus") or JobStatus.RUNNING
    if status not in set(JobStatus):
        raise RequestRefusedError(f"jobStatus {status!r} is not one of {', '.join(JobStatus)}")
    return job.status == status


def _selected(jobs: Iterable[Job], request: Document) -> list[Job]:
    filters = request.get("filters") or ()
    if len(filters) > 1:
        raise RequestRefusedError(f"{len(filters)} filters are given; Batch takes one at a time")
    if not filters:
        return list(jobs)
    name, values = filters[0].get("name"), [str(value) for value in filters[0].get("values") or ()]
    return [job for job in jobs if any(_passes(job, name, value) for value in values)]


def _passes(job: Job, filter_name: str | None, value: str) -> bool:
    match filter_name:
        case "JOB_NAME":
            return _glob(value.lower(), job.spec.name.lower())
        case "JOB_DEFINITION":
            return _glob(value, job.spec.definition_arn) or _glob(value, job.spec.definition_name)
        case "SHARE_IDENTIFIER":
            return _glob(value, str(job.spec.passed_through.get("shareIdentifier", "")))
        case "BEFORE_CREATED_AT":
            return job.created_at_ms < int(value)
        case "AFTER_CREATED_AT":
            return job.created_at_ms > int(value)
    raise RequestRefusedError(
        f"Filter {filter_name!r} is not one of JOB_NAME, JOB_DEFINITION, SHARE_IDENTIFIER, "
        "BEFORE_CREATED_AT, AFTER_CREATED_AT"
    )


def _glob(pattern: str, text: str) -> bool:
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern
