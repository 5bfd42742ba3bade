"""The token bucket lets through what its quota says, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice_local.quotas import AWS_QUOTAS, Quota, TokenBucket

GAPS = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200)
QUOTAS = st.builds(Quota, st.integers(1, 50), st.floats(0.1, 100))


@given(quota=QUOTAS, gaps=GAPS)
def test_no_sequence_of_calls_gets_more_than_the_bucket_and_its_refill(
    quota: Quota, gaps: list[float]
) -> None:
    bucket, now, accepted = TokenBucket.full(quota, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        allowed, bucket = bucket.take(now)
        accepted += allowed
    assert accepted <= quota.bucket_size + now * quota.refill_per_second + 1e-6


@given(quota=QUOTAS)
def test_a_caller_slower_than_the_refill_is_never_refused(quota: Quota) -> None:
    bucket = TokenBucket.full(quota, 0.0)
    for number in range(100):
        allowed, bucket = bucket.take(number * 1.001 / quota.refill_per_second)
        assert allowed


def test_a_full_bucket_allows_its_burst_at_once_and_then_refuses() -> None:
    bucket = TokenBucket.full(Quota(3, 1), 0.0)
    answers = []
    for _ in range(4):
        allowed, bucket = bucket.take(0.0)
        answers.append(allowed)
    assert answers == [True, True, True, False]


def test_a_clock_that_steps_back_gives_no_tokens() -> None:
    _, bucket = TokenBucket.full(Quota(1, 1), 10.0).take(10.0)
    refused, bucket = bucket.take(9.0)
    allowed, _ = bucket.take(11.0)
    assert (refused, allowed) == (False, True)


def test_a_quota_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="set it to None"):
        Quota(bucket_size=0, refill_per_second=1)


def test_submit_job_has_aws_s_fifty_a_second() -> None:
    assert AWS_QUOTAS["Batch.SubmitJob"].refill_per_second == 50
