from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.limiter.figures import Demand, kept, most_above_rate, per_second, seconds_to_recover
from bench.limiter.measuring import Measured, is_good, summed_up
from bench.limiter.process import Press, Trace
from sluice.rate.gcra import MICROSECONDS, Limit

LIMIT = Limit(50, burst=10)


def evenly(per_second: int, seconds: int) -> list[int]:
    return [index * MICROSECONDS // per_second for index in range(per_second * seconds)]


def measured(most_above_rate: float = 2.0, share_of_rate: float = 0.99) -> Measured:
    figures = kept(evenly(50, 3), LIMIT, Demand(0, 3 * MICROSECONDS))
    figures = replace(figures, most_above_rate=most_above_rate, share_of_rate=share_of_rate)
    return Measured(figures, writes_per_slot=1.0, conflicts=0, throttled=0)


@given(st.lists(st.integers(0, 5 * MICROSECONDS), min_size=1, max_size=40), st.floats(0.5, 500))
def test_one_pass_finds_what_a_look_at_every_pair_finds(times_us: list[int], rate: float) -> None:
    times = sorted(times_us)
    pairs = [(first, last) for last in range(len(times)) for first in range(last + 1)]
    of_each = [j - i + 1 - rate * (times[j] - times[i]) / MICROSECONDS for i, j in pairs]
    assert most_above_rate(times, rate) == pytest.approx(max(of_each), abs=1e-6)


def test_a_burst_in_the_middle_is_found() -> None:
    times = sorted([*evenly(50, 4), *[2 * MICROSECONDS] * 11])
    assert most_above_rate(times, 50) == pytest.approx(12)


def test_calls_at_the_rate_use_all_of_it() -> None:
    figures = kept(evenly(50, 4), LIMIT, Demand(0, 4 * MICROSECONDS))
    assert (figures.calls, figures.per_second) == (200, (50, 50, 50, 50))
    assert figures.share_of_rate == pytest.approx(1, abs=0.01)


def test_a_pause_is_missing_from_the_share() -> None:
    times = [at_us for at_us in evenly(50, 5) if not 2 * MICROSECONDS <= at_us < 3 * MICROSECONDS]
    figures = kept(times, LIMIT, Demand(0, 5 * MICROSECONDS))
    assert figures.share_of_rate == pytest.approx(0.75, abs=0.01)
    assert figures.per_second == (50, 50, 0, 50, 50)


def test_a_demand_as_short_as_the_warm_up_tells_nothing() -> None:
    with pytest.raises(ValueError, match="longer than the warm-up"):
        kept([0], LIMIT, Demand(0, MICROSECONDS))


def test_calls_after_the_demand_are_in_none_of_its_seconds() -> None:
    assert per_second([0, 1, MICROSECONDS, 3 * MICROSECONDS], Demand(0, 2 * MICROSECONDS)) == (2, 1)


def test_recovery_is_counted_from_the_end_of_the_storm() -> None:
    counts = [50, 50, 12, 20, 30, 49, 50]
    assert seconds_to_recover(counts, after_second=3, at_least=48) == 2
    assert seconds_to_recover(counts[:5], after_second=3, at_least=48) is None


def test_the_processes_calls_count_together_from_when_all_of_them_ask() -> None:
    traces = [
        Trace(begin_us=index, times_us=evenly(25, 4), writes=50, conflicts=1, throttled=2) for index in (0, 1)
    ]
    figures = summed_up(Press("http://127.0.0.1", "rates", LIMIT, 4), traces)
    assert (figures.kept.calls, figures.conflicts, figures.throttled) == (200, 2, 4)
    assert figures.writes_per_slot == 0.5


@pytest.mark.parametrize(
    ("steady", "storm", "good"),
    [
        (measured(), None, True),
        (measured(share_of_rate=0.96), None, False),
        (measured(most_above_rate=10.1), None, False),
        # in a storm the rate is lowered on purpose
        (measured(), measured(share_of_rate=0.5), True),
        (measured(), measured(most_above_rate=10.1), False),
    ],
)
def test_a_rate_that_was_exceeded_or_not_used_is_no_success(
    steady: Measured, storm: Measured | None, *, good: bool
) -> None:
    assert is_good(LIMIT, steady, storm) == good
