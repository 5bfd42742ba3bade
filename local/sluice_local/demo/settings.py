"""What a person may set on the demo."""

from dataclasses import dataclass
from pathlib import Path

from sluice_local.demo.project import Project
from sluice_local.quotas import Quota

RATE_WITHIN_QUOTA = 0.98
"""Sluice's share of the quota, as template.yaml has it: 49 of 50 calls a second."""
BURST_MAX = 10
THREADS_OF_BUCKET = 32 / 50
"""Poller threads by calls of the bucket, as template.yaml has it: after a stall all may call at once."""


@dataclass(frozen=True)
class DemoSettings:
    """One run of the demo.

    Attributes:
        project: what is deployed, and the people's genotypes.
        samples: how many people's reads to run.
        seed: chooses the people, and the reads that are drawn from them.
        depth: mean number of reads that cover a base.
        quota_per_second: SubmitJob calls a second that Local AWS allows; the stack stays just below.
        job_slots: jobs that run at the same time.
        output: folder for the summary, the report and the logs.
        enforce_iam: whether the template's policies are enforced.
    """

    project: Project
    samples: int
    seed: int
    depth: float
    quota_per_second: float
    job_slots: int
    output: Path
    enforce_iam: bool = False

    @property
    def quota(self) -> Quota:
        """The quota of SubmitJob."""
        return quota_of(self.quota_per_second)


def quota_of(rate_per_second: float) -> Quota:
    """Make a quota whose bucket holds one second's calls, as AWS's are assumed to."""
    return Quota(bucket_size=max(1.0, rate_per_second), refill_per_second=rate_per_second)


def stack_parameters(quota: Quota) -> dict[str, str]:
    """Choose the stack's parameters so that Sluice stays within a quota of SubmitJob."""
    burst = int(max(1, min(BURST_MAX, quota.bucket_size / 2)))
    rate = round(max(0.1, RATE_WITHIN_QUOTA * quota.refill_per_second), 3)
    threads = int(max(1, min(200, THREADS_OF_BUCKET * quota.bucket_size)))
    return {"SubmitRatePerSecond": f"{rate:g}", "SubmitBurst": str(burst), "PollerThreads": str(threads)}
