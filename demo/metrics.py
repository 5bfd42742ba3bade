"""What a run of the demo shows in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sluice_local.observing import ApiCalls, read_calls, read_jobs
from sluice_local.server import LocalAws


@dataclass(frozen=True)
class CohortMetrics:
    """A cohort's run, as Local AWS saw it.

    Attributes:
        samples: how many were launched.
        failed: the names of those that failed.
        jobs: of all samples.
        submits: SubmitJob calls.
        describes: DescribeJobs calls.
        quota_per_second: SubmitJob calls a second that were allowed.
        mean_r2: at allele frequencies above 5 %; None if nothing was imputed.
        wall_seconds: from the start of the command on.
    """

    samples: int
    failed: Sequence[str]
    jobs: int
    submits: ApiCalls
    describes: ApiCalls
    quota_per_second: float
    mean_r2: float | None
    wall_seconds: float

    @property
    def succeeded(self) -> int:
        """How many samples succeeded."""
        return self.samples - len(self.failed)

    def document(self) -> Mapping[str, Any]:
        """The metrics as JSON has them."""
        return {
            "samples": self.samples,
            "succeeded": self.succeeded,
            "failed": len(self.failed),
            "failed_samples": list(self.failed),
            "jobs": self.jobs,
            "submit_calls": self.submits.count,
            "submit_throttled": self.submits.throttled,
            "describe_calls": self.describes.count,
            "peak_submits_per_s": self.submits.peak_per_second,
            "quota_per_s": self.quota_per_second,
            "wall_s": round(self.wall_seconds, 1),
            "mean_r2_maf5": None if self.mean_r2 is None else round(self.mean_r2, 4),
            "sluice_version": version("sluice"),
        }

    def lines(self) -> list[str]:
        """The metrics for a person, a line each."""
        r2 = "none, as no sample succeeded" if self.mean_r2 is None else f"{self.mean_r2:.4f}"
        return [
            f"samples        {self.succeeded} of {self.samples} succeeded, {len(self.failed)} failed",
            f"jobs           {self.jobs}, by {self.submits.count} SubmitJob calls",
            f"HTTP 429       {self.submits.throttled}",
            f"DescribeJobs   {self.describes.count} calls",
            f"peak           {self.submits.peak_per_second} a second; the quota is {self.quota_per_second:g}",
            f"mean r²        {r2} (allele frequencies above 5 %)",
            f"time           {self.wall_seconds:.0f} s",
        ]


def measure(  # noqa: PLR0913 - each is a fact of its own
    aws: LocalAws,
    *,
    samples: int,
    failed: Sequence[str],
    quota_per_second: float,
    mean_r2: float | None,
    wall_seconds: float,
) -> CohortMetrics:
    """Read from Local AWS what the run did to Batch."""
    calls = read_calls(aws.page("calls"))
    return CohortMetrics(
        samples=samples,
        failed=failed,
        jobs=len(read_jobs(aws.page("jobs"))),
        submits=calls.get("Batch.SubmitJob", ApiCalls()),
        describes=calls.get("Batch.DescribeJobs", ApiCalls()),
        quota_per_second=quota_per_second,
        mean_r2=mean_r2,
        wall_seconds=wall_seconds,
    )
