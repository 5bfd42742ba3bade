from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.backlog import Waited, find_backlog
from bench.scale.ledger import BacklogMeter, History, Ledger

# when a job may be submitted, and how long it then waits; moments are made distinct below
waits = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=30)


def distinct(raw: list[tuple[int, int]]) -> list[Waited]:
    """Shifts every moment a little, so that no two are the same and their order is certain."""
    return [
        Waited(begin + index / 1000, begin + length + index / 1000 + 0.0005)
        for index, (begin, length) in enumerate(raw)
    ]


@given(waits, st.integers(1, 6))
def test_the_meter_sees_the_backlog_that_the_measured_runs_are_judged_by(
    raw: list[tuple[int, int]], quota: int
) -> None:
    waited = distinct(raw)
    moments = [(one.ready_s, "wait") for one in waited] + [(one.submitted_s, "submit") for one in waited]
    meter = BacklogMeter(threshold=max(1.0, quota))
    for at, kind in sorted(moments):
        if kind == "wait":
            meter.wait(at)
        else:
            meter.submit(at)
    expected = find_backlog(waited, quota)
    assert meter.seconds == pytest.approx(expected.seconds)
    assert meter.submitted == expected.submitted


def test_a_job_that_is_given_up_waits_no_longer() -> None:
    meter = BacklogMeter(threshold=1)
    meter.wait(0, jobs=3)
    meter.submit(1)
    meter.give_up(4)
    meter.submit(6)
    assert (meter.seconds, meter.submitted, meter.waiting) == (5, 1, 0)
    assert meter.rate_per_second == pytest.approx(0.2)


def test_without_a_backlog_there_is_no_rate() -> None:
    assert BacklogMeter(threshold=1).rate_per_second is None


def test_the_longest_history_and_all_transitions_are_kept() -> None:
    ledger = Ledger(BacklogMeter(1))
    ledger.sample_over(History(events=9, transitions=4), 5, succeeded=True)
    ledger.sample_over(History(events=3, transitions=2), 8, succeeded=False)
    assert (ledger.succeeded, ledger.failed, ledger.ended_at) == (1, 1, 8)
    assert (ledger.events_longest, ledger.transitions) == (10, 6)


def test_an_invocation_is_billed_by_its_memory() -> None:
    ledger = Ledger(BacklogMeter(1))
    ledger.invoked(2, 512, times=3)
    assert (ledger.usage().invocations, ledger.usage().gb_seconds) == (3, 3)
