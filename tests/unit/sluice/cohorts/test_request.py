"""What invokes the cohorts' functions may be anything."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.events import read_sample_end
from sluice.cohorts.model import ExecutionName, SampleEnd, SampleStatus
from sluice.cohorts.request import Only, SheetPlace, read_start_request
from sluice.events import InvalidEventError

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:lowpass"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:lowpass:run-7.2.NA1"
INLINE: dict[str, Any] = {"cohort": "run-7", "workflowArn": WORKFLOW, "sheet": {"inline": "sample\nNA1"}}
IN_S3 = {**INLINE, "sheet": {"bucket": "data", "key": "sheets/run-7.jsonl"}}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def ended(**fields: Any) -> str:
    detail = {
        "executionArn": EXECUTION,
        "name": "run-7.2.NA1",
        "status": "FAILED",
        "stopDate": 5000,
        "error": "Job.Failed",
    }
    return json.dumps(
        {"detail-type": "Step Functions Execution Status Change", "detail": {**detail, **fields}}
    )


def test_a_request_for_a_sheet_is_read() -> None:
    request = read_start_request({**IN_S3, "shared": {"panel": "p"}, "asOf": 7}, now_ms=9)
    assert request.sheet == SheetPlace("jsonl", bucket="data", key="sheets/run-7.jsonl")
    assert (request.only, request.as_of, request.shared) == (Only.ALL, 7, {"panel": "p"})
    told = read_start_request({**INLINE, "sheet": {"inline": "x", "format": "jsonl"}}, now_ms=9)
    assert (told.sheet, told.as_of) == (SheetPlace("jsonl", inline="x"), 9)


def test_a_retry_needs_the_cohorts_name_only() -> None:
    request = read_start_request({"cohort": "run-7", "only": "failed"}, now_ms=9)
    assert (request.sheet, request.workflow_arn, request.only) == (None, None, Only.FAILED)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (None, "the input is null; it must be an object"),
        ({}, "cohort is missing"),
        ({**INLINE, "cohort": "run 7"}, 'cohort is "run 7"; it must be 1 to 40 of'),
        ({**INLINE, "workflowArn": "lowpass"}, "it must be the ARN of a state machine"),
        ({**INLINE, "only": "some"}, 'only is "some"; it must be all or failed'),
        ({**INLINE, "sheets": 1}, "sheets is not a field; there are: asOf, cohort, "),
        ({**INLINE, "sheet": {"inline": "x", "format": "xlsx"}}, "it must be csv, tsv or jsonl"),
        ({**INLINE, "sheet": {"inline": "x", "bucket": "data"}}, "either inline, or bucket and key"),
        ({**INLINE, "sheet": {"bucket": "data"}}, "either inline, or bucket and key"),
        ({**INLINE, "sheet": {}}, "either inline, or bucket and key"),
        ({**INLINE, "asOf": True}, "asOf is true; it must be an integer"),
        ({"cohort": "run-7"}, "workflowArn and sheet are needed"),
        ({**INLINE, "shared": []}, "shared is []; it must be an object"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(event: Any, says: str) -> None:
    with pytest.raises(InvalidEventError) as caught:
        read_start_request(event, now_ms=9)
    assert says in str(caught.value)


def test_an_end_is_read() -> None:
    name = ExecutionName("run-7", 2, "NA1")
    assert read_sample_end(ended()) == SampleEnd(name, EXECUTION, SampleStatus.FAILED, 5000, "Job.Failed")
    fine = read_sample_end(ended(status="SUCCEEDED", error=None))
    assert fine is not None
    assert (fine.status, fine.error) == (SampleStatus.SUCCEEDED, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        ended(status="RUNNING"),
        ended(status="PENDING_REDRIVE"),
        ended(status=[]),
        ended(status={}),
        ended(name="slot-0-1"),
        ended(name=7),
        ended(stopDate=None),
        ended(stopDate=True),
        ended(executionArn=None),
        json.dumps({"detail-type": "Batch Job State Change", "detail": {"name": "a.1.b"}}),
    ],
)
def test_what_is_no_end_of_a_sample_is_passed_over(text: str) -> None:
    assert read_sample_end(text) is None


@pytest.mark.parametrize(("error", "kept"), [(7, None), ("", None), ("\ud800", None), ("x" * 300, "x" * 256)])
def test_an_error_that_no_item_could_hold_is_cut_or_left_out(error: Any, kept: str | None) -> None:
    end = read_sample_end(ended(error=error))
    assert end is not None
    assert end.error == kept


@given(ANYTHING, st.dictionaries(st.sampled_from(["name", "status", "stopDate", "executionArn"]), ANYTHING))
def test_nothing_that_comes_makes_reading_fail(event: Any, fields: dict[str, Any]) -> None:
    with suppress(InvalidEventError):
        read_start_request(event, now_ms=9)
    read_sample_end(json.dumps(event))
    read_sample_end(ended(**fields))
