from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.backlog import Waited, find_backlog
from bench.scale.ledger import History, Ledger
from bench.scale.waits import Waits, measure_backlog

# when a job may be submitted, and how long it then waits
pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=30)


@given(pairs, st.integers(1, 6))
def test_the_backlog_is_that_by_which_measured_runs_are_judged(
    pairs: list[tuple[int, int]], quota: int
) -> None:
    waits = Waits()
    for ready_at, seconds in pairs:
        waits.add(ready_at, ready_at + seconds)
    expected = find_backlog([Waited(begin, begin + length) for begin, length in pairs], quota)
    backlog = measure_backlog(waits, quota)
    assert (backlog.seconds, backlog.submitted) == (expected.seconds, expected.submitted)
    assert backlog.rate_per_second == expected.rate_per_second


def test_a_backlog_lasts_while_at_least_a_seconds_worth_of_jobs_waits() -> None:
    waits = Waits()
    for ready_at, submitted_at in [(0, 1), (0, 4), (2, 5), (2, 6), (7, 9)]:
        waits.add(ready_at, submitted_at)
    # with a quota of 2: from 2 s, when three wait, to 5 s, when one is left; two were submitted in these 3 s
    backlog = measure_backlog(waits, 2)
    assert (backlog.seconds, backlog.submitted) == (3, 2)
    assert backlog.rate_per_second == pytest.approx(2 / 3)


def test_the_longest_history_and_all_transitions_are_kept() -> None:
    ledger = Ledger()
    ledger.sample_over(History(events=9, transitions=4), 5, succeeded=True)
    ledger.sample_over(History(events=3, transitions=2), 8, succeeded=False)
    assert (ledger.succeeded, ledger.failed, ledger.ended_at) == (1, 1, 8)
    assert (ledger.events_longest, ledger.transitions) == (10, 6)


def test_an_invocation_is_billed_by_its_memory() -> None:
    ledger = Ledger()
    ledger.invoked(2, 512, times=3)
    assert (ledger.usage().invocations, ledger.usage().gb_seconds) == (3, 3)
