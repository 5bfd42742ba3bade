from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.tasks.execution_event import EndedExecution, read_ended_execution
from sluice.tasks.job_event import EndedJob, read_job_event
from sluice.tasks.model import task_key
from tests.support.builders import EXECUTION, detail, job_event


def test_an_ended_job_of_ours_is_read() -> None:
    ended = read_job_event(job_event("token", "align", detail("1")))
    assert isinstance(ended, EndedJob)
    assert (ended.key, ended.job.name, ended.job.status) == (task_key("token"), "align", "SUCCEEDED")
    assert "token'" not in repr(ended)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        json.dumps({"detail-type": "Batch Job State Change", "detail": []}),
        json.dumps({"detail-type": "Batch Job State Change", "detail": detail("1")}),
        json.dumps(
            {"detail-type": "Another", "detail": detail("1", parameters={"taskToken": "t", "taskJob": "a"})}
        ),
        job_event("token", "align", detail("1", "RUNNING")),
        job_event("token", "align", detail("1:7")),
        job_event("token", "align", detail("1", arrayProperties={"index": 7})),
        job_event("", "align", detail("1")).replace(task_key(""), ""),
        job_event("token", "", detail("1")),
    ],
)
def test_what_is_not_an_ended_job_of_ours_is_passed_over(text: str) -> None:
    assert read_job_event(text) is None


@given(st.text() | st.dictionaries(st.text(), st.integers() | st.text()).map(json.dumps))
def test_no_text_makes_reading_an_event_fail(text: str) -> None:
    assert read_job_event(text) is None
    assert read_ended_execution(text) is None


@pytest.mark.parametrize(
    ("status", "read"),
    [
        ("ABORTED", EndedExecution(EXECUTION, "ABORTED", 7)),
        ("FAILED", EndedExecution(EXECUTION, "FAILED", 7)),
        ("TIMED_OUT", EndedExecution(EXECUTION, "TIMED_OUT", 7)),
        ("SUCCEEDED", None),
        ("RUNNING", None),
        (["FAILED"], None),
    ],
)
def test_an_execution_that_ended_without_success_is_read(status: Any, read: EndedExecution | None) -> None:
    body = {"executionArn": EXECUTION, "status": status, "stopDate": 7}
    text = json.dumps({"detail-type": "Step Functions Execution Status Change", "detail": body})
    assert read_ended_execution(text) == read


def test_a_job_of_a_former_version_tells_of_its_task_by_the_token() -> None:
    former = json.dumps(
        {
            "detail-type": "Batch Job State Change",
            "detail": detail("1", parameters={"taskToken": "token", "taskJob": "align"}),
        }
    )
    ended = read_job_event(former)
    assert isinstance(ended, EndedJob)
    assert (ended.key, ended.job.name) == ("token", "align")
