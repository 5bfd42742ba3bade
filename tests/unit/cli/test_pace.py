"""How fast a cohort gets on."""

from __future__ import annotations

import pytest

from sluice_cli.cohorts.pace import WINDOW_MS, Pace


def test_there_is_no_rate_before_a_sample_has_ended() -> None:
    pace = Pace().at(0, 5)
    assert pace.rate_per_second is None
    assert pace.at(10_000, 5).seconds_left(10) is None


def test_the_rate_is_what_ended_over_the_time_that_it_took() -> None:
    pace = Pace().at(0, 5).at(5_000, 10).at(10_000, 25)
    assert pace.rate_per_second == pytest.approx(2.0)
    assert pace.seconds_left(100) == pytest.approx(50.0)


def test_what_was_long_ago_is_forgotten() -> None:
    pace = Pace().at(0, 0)
    for look in range(1, 1_001):
        pace = pace.at(look * 1_000, look if look <= 500 else 500 + 3 * (look - 500))
    assert pace.rate_per_second == pytest.approx(3.0)
    assert len(pace.seen) <= WINDOW_MS / 1_000 + 2


def test_of_stragglers_a_rate_says_nothing() -> None:
    pace = Pace().at(0, 0).at(10_000, 39)
    assert pace.seconds_left(10) == pytest.approx(10 / 3.9)
    assert pace.seconds_left(1) is None
    assert pace.at(14_000, 39).seconds_left(10) is None
    assert pace.at(14_000, 39).quiet_seconds == 4.0


def test_after_the_window_it_is_still_known_when_the_last_sample_ended() -> None:
    pace = Pace().at(0, 0).at(10_000, 39)
    for look in range(1, 400):
        pace = pace.at(10_000 + look * 2_000, 39)
    assert (pace.rate_per_second, pace.quiet_seconds) == (None, 798.0)


def test_after_a_retry_the_rate_begins_anew() -> None:
    assert Pace().at(0, 90).at(1_000, 80).rate_per_second is None
