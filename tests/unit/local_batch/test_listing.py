"""ListJobs."""

from dataclasses import replace
from typing import Any

import pytest

from sluice_local.batch.listing import list_page
from sluice_local.batch.model import Job, JobStatus, RequestRefusedError
from tests.unit.local_batch.building import a_job

JOBS = [
    replace(a_job(f"id-{n}", jobName=name, created_at_ms=n * 1_000), status=status)
    for n, (name, status) in enumerate(
        [
            ("Align-1", JobStatus.RUNNING),
            ("align-2", JobStatus.FAILED),
            ("impute-1", JobStatus.RUNNING),
            ("align-20", JobStatus.SUBMITTED),
        ]
    )
]


def ids(jobs: list[Job], **request: Any) -> list[str]:
    return [job.spec.job_id for job in list_page(jobs, request).jobs]


def named(*values: str) -> list[dict[str, Any]]:
    return [{"name": "JOB_NAME", "values": list(values)}]


def test_without_a_status_the_running_jobs_are_listed_newest_first() -> None:
    assert ids(JOBS) == ["id-2", "id-0"]
    assert ids(JOBS, jobStatus="FAILED") == ["id-1"]


@pytest.mark.parametrize(
    ("value", "found"),
    [("ALIGN-2", ["id-1"]), ("align-2*", ["id-3", "id-1"]), ("a*", ["id-3", "id-1", "id-0"]), ("align", [])],
)
def test_a_name_filter_ignores_case_and_status_and_may_leave_the_end_open(
    value: str, found: list[str]
) -> None:
    assert ids(JOBS, filters=named(value), jobStatus="FAILED") == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("BEFORE_CREATED_AT", "1000", ["id-0"]),
        ("AFTER_CREATED_AT", "2000", ["id-3"]),
        ("JOB_DEFINITION", "align", ["id-3", "id-2", "id-1", "id-0"]),
        ("JOB_DEFINITION", "arn:aws:batch:us-east-1:000000000000:job-definition/b*", []),
        ("SHARE_IDENTIFIER", "lab", []),
    ],
)
def test_the_other_filters_select_too(name: str, value: str, found: list[str]) -> None:
    assert ids(JOBS, filters=[{"name": name, "values": [value]}]) == found


def test_pages_together_are_the_list_though_jobs_come_in_between() -> None:
    jobs = [a_job(f"id-{n}") for n in range(7)]
    first = list_page(jobs, {"filters": named("*"), "maxResults": 3})
    jobs.append(a_job("late"))
    second = list_page(jobs, {"filters": named("*"), "maxResults": 3, "nextToken": first.next_token})
    last = list_page(jobs, {"filters": named("*"), "maxResults": 3, "nextToken": second.next_token})
    listed = [job.spec.job_id for page in (first, second, last) for job in page.jobs]
    assert listed == [f"id-{n}" for n in reversed(range(7))]
    assert last.next_token is None


def test_a_page_holds_at_most_a_hundred_jobs() -> None:
    jobs = [a_job(f"id-{n}") for n in range(101)]
    page = list_page(jobs, {"filters": named("*"), "maxResults": 1_000})
    assert len(page.jobs) == 100
    assert page.next_token == "id-1"


@pytest.mark.parametrize(
    "request_",
    [
        {"filters": [{"name": "COLOUR", "values": ["red"]}]},
        {"filters": named("a") + named("b")},
        {"jobStatus": "LOST"},
        {"filters": named("*"), "nextToken": "never given"},
    ],
)
def test_what_batch_does_not_know_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(RequestRefusedError):
        list_page(JOBS, request_)
