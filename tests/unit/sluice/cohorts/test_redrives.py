"""Which executions can go on where they failed, and by which token."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sluice.cohorts.model import Sample, SampleEnd, SampleStatus
from sluice.cohorts.redrives import (
    REDRIVE_DAYS,
    REDRIVE_EVENTS,
    HistoryEnd,
    can_redrive,
    is_end_before,
    redrive_token,
)

DAY_MS = 86_400_000
ARN = "arn:aws:states:us-east-1:000000000000:execution:w:run-7.1.NA1"
FAILED = Sample("run-7", "NA1", 1, ARN, SampleStatus.FAILED, "{}", 1, 1, stopped_at=1000)
SHORT = HistoryEnd(events=12, in_fail_state=False)


@pytest.mark.parametrize(
    ("history", "now_ms", "can"),
    [
        (SHORT, 1000 + REDRIVE_DAYS * DAY_MS - 1, True),
        (SHORT, 1000 + REDRIVE_DAYS * DAY_MS, False),
        (replace(SHORT, events=REDRIVE_EVENTS - 1), 2000, True),
        (replace(SHORT, events=REDRIVE_EVENTS), 2000, False),
        (replace(SHORT, in_fail_state=True), 2000, False),
    ],
)
def test_an_execution_goes_on_while_step_functions_lets_it_and_it_is_of_use(
    history: HistoryEnd, now_ms: int, *, can: bool
) -> None:
    assert can_redrive(FAILED, history, now_ms) is can


def test_each_redrive_has_its_own_token_which_is_not_too_long() -> None:
    named = replace(FAILED, execution_arn=ARN + "x" * 80)
    tokens = {redrive_token(each) for each in (FAILED, replace(FAILED, redrives=1), named)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {64}


def test_the_end_before_a_redrive_is_told_from_the_one_after_it() -> None:
    end = SampleEnd(FAILED.execution_name, ARN, SampleStatus.FAILED, 1000)
    redriven = replace(FAILED, redrives=1, ended_before=1000)
    assert is_end_before(redriven, end)
    assert not is_end_before(redriven, replace(end, stopped_at=1001))
    assert not is_end_before(FAILED, end)
