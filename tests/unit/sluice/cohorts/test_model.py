"""Names of executions, counts, and how ends are grouped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.model import (
    COHORT_NAME,
    SAMPLE_NAME,
    Cohort,
    ExecutionName,
    SampleEnd,
    SampleStatus,
    Start,
    changes_of_end,
    changes_of_start,
    read_execution_name,
    started,
    together,
)

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:lowpass"
COHORT = Cohort("run-7", WORKFLOW, "0" * 64, total=2, created_at=0, updated_at=0)
FAILED = SampleStatus.FAILED


def end(cohort: str, sample: str, attempt: int = 1) -> SampleEnd:
    name = ExecutionName(cohort, attempt, sample)
    return SampleEnd(name, name.arn(WORKFLOW), SampleStatus.SUCCEEDED, 1)


@given(
    st.from_regex(COHORT_NAME, fullmatch=True),
    st.integers(1, 999_999),
    st.from_regex(SAMPLE_NAME, fullmatch=True),
)
def test_an_executions_name_is_read_as_it_was_made(cohort: str, attempt: int, sample: str) -> None:
    name = ExecutionName(cohort, attempt, sample)
    assert read_execution_name(str(name)) == name


@pytest.mark.parametrize(
    "name", ["", "slot-0-1", "a.b", "a.0.b", "a.1.", ".1.b", "a.1000000.b", "a.1.b c", "a.1.b\n", "ä.1.b"]
)
def test_other_names_are_nobodys_sample(name: str) -> None:
    assert read_execution_name(name) is None


@pytest.mark.parametrize("qualifier", ["", ":PROD", ":7"])
def test_an_execution_is_its_state_machines_whatever_the_alias(qualifier: str) -> None:
    name = ExecutionName("run-7", 2, "NA.1")
    assert name.arn(WORKFLOW + qualifier) == (
        "arn:aws:states:us-east-1:000000000000:execution:lowpass:run-7.2.NA.1"
    )


def test_an_arn_that_is_no_state_machines_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the ARN of a state machine"):
        ExecutionName("a", 1, "b").arn("arn:aws:states:us-east-1:000000000000:activity:a")


def test_a_start_moves_a_failed_sample_and_adds_a_new_one() -> None:
    failed = replace(started(COHORT, Start("a", "{}"), 1), status=FAILED)
    again = Start("a", "{}", before=failed)
    assert started(COHORT, again, 2).attempt == 2
    assert changes_of_start([again, Start("b", "{}")]) == {SampleStatus.RUNNING: 2, FAILED: -1}


def test_ends_move_running_samples() -> None:
    ends = [end("a", "1"), replace(end("a", "2"), status=FAILED)]
    assert changes_of_end(ends) == {SampleStatus.RUNNING: -2, SampleStatus.SUCCEEDED: 1, FAILED: 1}


def test_a_cohort_is_over_when_all_have_started_and_none_runs() -> None:
    assert not replace(COHORT, counts={SampleStatus.SUCCEEDED: 1}).over
    assert not replace(COHORT, counts={SampleStatus.SUCCEEDED: 1, SampleStatus.RUNNING: 1}).over
    assert replace(COHORT, counts={SampleStatus.SUCCEEDED: 1, FAILED: 1, SampleStatus.RUNNING: 0}).over


def test_ends_of_one_cohort_go_together_each_sample_once() -> None:
    ends = [end("a", "1"), end("b", "1"), end("a", "1", attempt=2), end("a", "2"), end("a", "3")]
    assert list(together(ends, most=2)) == [[ends[0], ends[3]], [ends[1]], [ends[2], ends[4]]]
    assert list(together([], most=2)) == []
