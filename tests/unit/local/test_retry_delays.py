"""Retries wait as their retrier says."""

import pytest

from sluice_local.engine.stepfunctions.retry_delays import delay_seconds


@pytest.mark.parametrize(
    ("retrier", "delays"),
    [
        ({}, [1, 2, 4]),
        ({"IntervalSeconds": 3, "BackoffRate": 1}, [3, 3, 3]),
        ({"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 5}, [2, 5, 5]),
        ({"IntervalSeconds": 4, "JitterStrategy": "FULL"}, [1, 2, 4]),
    ],
)
def test_the_delay_grows_up_to_its_limit_and_jitter_takes_a_part(
    retrier: dict[str, float], delays: list[float]
) -> None:
    assert [delay_seconds(retrier, retries, lambda: 0.25) for retries in range(3)] == delays
