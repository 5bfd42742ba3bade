"""What a period's data amount to."""

from __future__ import annotations

import pytest

from sluice_local.alarms.statistics import Observation, StatisticError, statistic

SEEN = [Observation.of(0, 4.0), Observation.of(1, 1.0, count=2), Observation.of(2, 10.0)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 4.0),
        ("Sum", 16.0),
        ("Average", 4.0),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("p0", 1.0),
        ("p50", 2.5),
        ("p100", 10.0),
        ("p99.9", 9.982),
    ],
)
def test_a_period_is_summed_up(name: str, value: float) -> None:
    assert statistic(name, SEEN) == pytest.approx(value)


@pytest.mark.parametrize("name", ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p99"])
def test_a_period_without_data_has_no_statistic(name: str) -> None:
    assert statistic(name, []) is None
    assert statistic(name, [Observation(0, count=0, total=0, minimum=0, maximum=0)]) is None


def test_values_that_were_summed_up_before_have_no_percentile() -> None:
    mixed = [Observation(0, count=3, total=9, minimum=1, maximum=5)]
    assert statistic("p50", mixed) is None
    assert statistic("Average", mixed) == 3


def test_one_value_is_each_of_its_percentiles() -> None:
    assert statistic("p99", [Observation.of(0, 7.0)]) == 7


@pytest.mark.parametrize("name", ["p101", "median", ""])
def test_an_unknown_statistic_is_named(name: str) -> None:
    with pytest.raises(StatisticError, match=f"{name!r}"):
        statistic(name, SEEN)
