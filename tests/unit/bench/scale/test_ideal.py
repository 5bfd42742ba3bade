from __future__ import annotations

import pytest

from bench.scale.ideal import ideal_seconds
from tests.unit.bench.scale.building import path_seconds, scenario


def test_one_sample_takes_as_long_as_its_jobs() -> None:
    given = scenario()
    assert ideal_seconds(given) == pytest.approx(path_seconds(given))


def test_samples_beyond_the_bucket_begin_a_slot_later_each() -> None:
    given = scenario(samples=3, quota=1, mean_seconds=1000)
    ends = [second + path_seconds(given, second) for second in range(3)]
    assert ideal_seconds(given) == pytest.approx(max(ends))


def test_with_jobs_of_no_length_to_speak_of_the_quota_alone_decides() -> None:
    given = scenario(samples=100, quota=10, mean_seconds=0.01)
    # 300 calls, of which the bucket lets 10 through at once
    assert ideal_seconds(given) == pytest.approx((300 - 10) / 10, abs=0.1)
