"""How the stack's rate follows from the quota."""

from hypothesis import given
from hypothesis import strategies as st

from sluice_local.quotas import AWS_QUOTAS, Quota, quota_of
from sluice_local.stack import stack_parameters


def test_awss_quota_gives_the_templates_own_defaults() -> None:
    assert stack_parameters(AWS_QUOTAS["Batch.SubmitJob"]) == {
        "SubmitRatePerSecond": "49",
        "SubmitBurst": "10",
        "PollerThreads": "32",
    }


@given(st.floats(0.2, 1000))
def test_the_stack_stays_within_the_quota(rate: float) -> None:
    quota = quota_of(rate)
    chosen = stack_parameters(quota)
    assert float(chosen["SubmitRatePerSecond"]) <= quota.refill_per_second
    assert 1 <= int(chosen["SubmitBurst"]) <= quota.bucket_size
    assert 1 <= int(chosen["PollerThreads"]) <= quota.bucket_size


def test_a_quota_below_one_a_second_still_lets_a_call_through() -> None:
    assert quota_of(0.5) == Quota(bucket_size=1, refill_per_second=0.5)
