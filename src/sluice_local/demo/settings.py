"""What a person may set on the demo."""

from dataclasses import dataclass
from pathlib import Path

from sluice_local.project import Project
from sluice_local.quotas import Quota
from sluice_local.stack import quota_of


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
