"""What a run of the demo shows in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

from sluice_local.observing import ApiCalls, read_calls, read_jobs
from sluice_local.server import LocalAws


@dataclass(frozen=True)
class BatchUse:
    """What a cohort asked of Batch, as Local AWS saw it.

    Attributes:
        jobs: how many were submitted.
        submits: SubmitJob calls.
        describes: DescribeJobs calls.
    """

    jobs: int
    submits: ApiCalls
    describes: ApiCalls

    @classmethod
    def of(cls, aws: LocalAws) -> Self:
        """Read what there was until now."""
        calls = read_calls(aws.page("calls"))
        return cls(
            jobs=len(read_jobs(aws.page("jobs"))),
            submits=calls.get("Batch.SubmitJob", ApiCalls()),
            describes=calls.get("Batch.DescribeJobs", ApiCalls()),
        )


@dataclass(frozen=True)
class CohortMetrics:
    """A cohort's run.

    Attributes:
        samples: how many were launched.
        failed: the names of those that failed.
        use: of Batch, until the last sample had ended.
        quota_per_second: SubmitJob calls a second that were allowed.
        mean_r2: at allele frequencies above 5 %; None if nothing was imputed.
        wall_seconds: from the start of the command on.
    """

    samples: int
    failed: Sequence[str]
    use: BatchUse
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
            "jobs": self.use.jobs,
            "submit_calls": self.use.submits.count,
            "submit_throttled": self.use.submits.throttled,
            "describe_calls": self.use.describes.count,
            "peak_submits_per_s": self.use.submits.peak_per_second,
            "quota_per_s": self.quota_per_second,
            "wall_s": round(self.wall_seconds, 1),
            "mean_r2_maf5": None if self.mean_r2 is None else round(self.mean_r2, 4),
            "sluice_version": version("sluice"),
        }

    def lines(self) -> Mapping[str, str]:
        """The metrics in words, by what they are about."""
        submits = self.use.submits
        r2 = "none, as no sample succeeded" if self.mean_r2 is None else f"{self.mean_r2:.4f}"
        return {
            "samples": f"{self.succeeded} of {self.samples} succeeded, {len(self.failed)} failed",
            "jobs": f"{self.use.jobs}, by {submits.count} SubmitJob calls",
            "HTTP 429": f"{submits.throttled}",
            "DescribeJobs": f"{self.use.describes.count} calls",
            "peak": f"{submits.peak_per_second} a second; the quota is {self.quota_per_second:g}",
            "mean r²": f"{r2} (allele frequencies above 5 %)",
            "time": f"{self.wall_seconds:.0f} s",
        }
