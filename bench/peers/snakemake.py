"""Snakemake with its AWS Batch executor plugin, as published.

https://snakemake.github.io/snakemake-plugin-catalog/plugins/executor/aws-batch.html
Every option that may be left out is left out, so the plugin's and Snakemake's own defaults hold: 100 job
submissions a second at most, 10 status checks a second at most, a round of them every 10 s, no retries.
`--jobs` must be given; it is `unlimited`, because no other number is a default.
"""

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.peers import stand_in
from bench.peers.account import BUCKET, ROLE_ARN, open_account
from bench.peers.client import client_environment, run_client
from bench.peers.job_side import PLAN_VARIABLE
from bench.peers.outcome import ended, not_run
from bench.peers.plan import PLAN, JobSide, write_plan
from bench.peers.programs import PeerPrograms, PeersMissingError
from sluice_local.server import LocalAws

EXECUTOR = "snakemake-executor-plugin-aws-batch"
STORAGE = "snakemake-storage-plugin-s3"
_TARGET = re.compile(r"--target-jobs '?\w+:sample=(\w+)")


@dataclass(frozen=True)
class Snakemake:
    """The contender `snakemake`.

    Attributes:
        programs: where it is installed.
        job_side: what runs inside its jobs.
        timeout_seconds: the client is stopped after this time.
    """

    programs: PeerPrograms = field(default_factory=PeerPrograms)
    job_side: JobSide = JobSide.STAND_IN
    timeout_seconds: float = 1800
    name: str = "snakemake"

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        """Take the cohort through; a peer that is not installed is told in the note."""
        try:
            return self._run(aws, cohort, folder.absolute())
        except PeersMissingError as error:
            return not_run(cohort, str(error))

    def _run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        program, note = self.programs.program("snakemake"), self._note()
        for_jobs = self._job_environment(folder) | {PLAN_VARIABLE: str(write_plan(cohort, folder))}
        shutil.copy(Path(__file__).with_name("Snakefile"), folder)
        run = run_client(
            [program, *options(aws.region, open_account(aws)), "--envvars", *for_jobs],
            folder=folder,
            environment=client_environment(aws, self.programs, folder) | for_jobs,
            timeout_seconds=self.timeout_seconds,
        )
        rows = aws.page("jobs")["jobs"]
        samples = samples_by_job(rows)
        return ended(run, cohort, rows=rows, samples=samples, note=note)

    def _note(self) -> str:
        versions = (
            f"snakemake {self.programs.version('snakemake')}, {EXECUTOR} {self.programs.version(EXECUTOR)}."
        )
        return f"{versions} {self.job_side.note}"

    def _job_environment(self, folder: Path) -> dict[str, str]:
        """Name what a container image would hold: programs, and the wheel that each job installs with pip."""
        if self.job_side is JobSide.STAND_IN:
            return {"PATH": stand_in.install("snakemake", folder / "programs")}
        wheel = self.programs.repack(STORAGE, folder / "wheels")
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": str(wheel.parent)}
        return {"PATH": self.programs.search_path(), **offline}


def options(region: str, queue_arn: str) -> list[str]:
    """Return the options that the plugin's page asks for, and no others."""
    return [
        *("--executor", "aws-batch", "--jobs", "unlimited"),
        *("--aws-batch-region", region, "--aws-batch-job-queue", queue_arn, "--aws-batch-job-role", ROLE_ARN),
        *("--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/cohort"),
        *("--configfile", PLAN),
    ]


def samples_by_job(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Read each job's sample out of its command, such as `… --target-jobs 'align:sample=s0001' …`."""
    targets = {row["jobId"]: _TARGET.search(row["command"]) for row in rows}
    return {job_id: target[1] for job_id, target in targets.items() if target}
