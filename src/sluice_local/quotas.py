"""API quotas as AWS documents them, and the token bucket that enforces one."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Quota:
    """How often an API may be called: a bucket of tokens and its refill.

    Attributes:
        bucket_size: calls that may come at once (the burst).
        refill_per_second: calls a second that may come for ever.
    """

    bucket_size: float
    refill_per_second: float

    def __post_init__(self) -> None:
        if self.bucket_size < 1 or self.refill_per_second <= 0:
            raise ValueError(
                f"{self} lets no call through: bucket_size must be at least 1 and refill_per_second above 0; "
                "to lift a quota, set it to None."
            )


@dataclass(frozen=True)
class TokenBucket:
    """A token bucket at one moment; the clock is the caller's.

    Attributes:
        quota: size and refill.
        tokens: calls that may come now.
        updated_at: when `tokens` was counted, in seconds of the caller's clock.
    """

    quota: Quota
    tokens: float
    updated_at: float

    @classmethod
    def full(cls, quota: Quota, now: float) -> Self:
        """Return a bucket that nobody has called yet."""
        return cls(quota, quota.bucket_size, now)

    def take(self, now: float) -> tuple[bool, Self]:
        """Ask for one call at `now`; return whether it is allowed, and the bucket afterwards."""
        filled = self.filled(now)
        allowed = filled.tokens >= 1
        return allowed, filled.less(allowed)

    def filled(self, now: float) -> Self:
        """Return the bucket at `now`."""
        elapsed_seconds = max(0.0, now - self.updated_at)
        tokens = min(self.quota.bucket_size, self.tokens + elapsed_seconds * self.quota.refill_per_second)
        return type(self)(self.quota, tokens, max(now, self.updated_at))

    def less(self, tokens: float) -> Self:
        """Return the bucket without so many tokens."""
        return type(self)(self.quota, self.tokens - tokens, self.updated_at)


_BATCH = Quota(bucket_size=50, refill_per_second=50)
_TASK = Quota(bucket_size=3000, refill_per_second=500)

AWS_QUOTAS: dict[str, Quota] = {
    # SubmitJob: 50 calls a second an account and Region, and it cannot be raised.
    # https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
    # The burst is not published; a bucket of one second is assumed.
    "Batch.SubmitJob": _BATCH,
    # "TPS for each account for AWS Batch API calls, including the SubmitJob operations, is 50."
    # https://repost.aws/knowledge-center/aws-batch-requests-error
    "Batch.DescribeJobs": _BATCH,
    "Batch.ListJobs": _BATCH,
    "Batch.TerminateJob": _BATCH,
    "Batch.TerminateJobs": _BATCH,
    "Batch.CancelJob": _BATCH,
    "Batch.CancelJobs": _BATCH,
    # The us-east-1 column (bucket, refill a second) of
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    "States.StartExecution": Quota(1300, 300),
    "States.RedriveExecution": Quota(1300, 300),
    "States.GetActivityTask": _TASK,
    "States.SendTaskSuccess": _TASK,
    "States.SendTaskFailure": _TASK,
    "States.SendTaskHeartbeat": _TASK,
    "States.StopExecution": Quota(1000, 200),
    "States.DescribeExecution": Quota(300, 15),
    "States.GetExecutionHistory": Quota(400, 20),
    "States.ListExecutions": Quota(200, 5),
}

FARGATE_LAUNCHES = Quota(bucket_size=100, refill_per_second=20)
"""Tasks that Fargate starts in an account and Region: a bucket for on demand, and one for Spot.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
"""


def quota_of(rate_per_second: float) -> Quota:
    """Make a quota whose bucket holds one second's calls, as AWS's are assumed to."""
    return Quota(bucket_size=max(1.0, rate_per_second), refill_per_second=rate_per_second)
