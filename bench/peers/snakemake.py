"""Snakemake with its AWS Batch executor plugin, as published.

https://snakemake.github.io/snakemake-plugin-catalog/plugins/executor/aws-batch.html
Every option that may be left out is left out, so the plugin's and Snakemake's own defaults hold: 100 job
submissions a second at most, 10 status checks a second at most, a round of them every 10 s, no retries.
`--jobs` must be given; it is `unlimited`, because no other number is a default.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.peers import stand_in
from bench.peers.account import BUCKET, ROLE_ARN, open_account
from bench.peers.job_side import PLAN_VARIABLE
from bench.peers.peer import Invocation, Rows, Setting
from bench.peers.plan import PLAN, JobSide, write_plan

EXECUTOR = "snakemake-executor-plugin-aws-batch"
STORAGE = "snakemake-storage-plugin-s3"
JOB_PREFIX = "snakejob-"
"""How the plugin's names of jobs begin."""
_TARGET = re.compile(r"--target-jobs '?\w+:sample=(\w+)")


@dataclass(frozen=True)
class Snakemake:
    """The client `snakemake`.

    Attributes:
        snakefile: what it runs, a file of this folder.
        most_vcpus: that its jobs have at the same time; None for as many as they need.
    """

    name: str = "snakemake"
    snakefile: str = "Snakefile"
    most_vcpus: int | None = None

    def prepare(self, setting: Setting) -> Invocation:
        """Write plan and Snakefile."""
        programs, folder = setting.programs, setting.folder
        program = programs.program("snakemake")
        versions = f"snakemake {programs.version('snakemake')}, {EXECUTOR} {programs.version(EXECUTOR)}"
        for_jobs = job_environment(setting) | {PLAN_VARIABLE: str(write_plan(setting.cohort, folder))}
        shutil.copy(Path(__file__).with_name(self.snakefile), folder / "Snakefile")
        given = options(setting.aws.region, open_account(setting.aws, self.most_vcpus))
        return Invocation([program, *given, "--envvars", *for_jobs], versions, for_jobs)

    def samples_by_job(self, setting: Setting, rows: Rows) -> dict[str, str]:  # noqa: ARG002 - the port's signature
        """Ask the jobs' commands."""
        return read_samples(rows)


def job_environment(setting: Setting) -> dict[str, str]:
    """Name what a container image would hold: programs, and the wheel that each job installs with pip."""
    programs, folder = setting.programs, setting.folder
    if setting.job_side is JobSide.STAND_IN:
        return {"PATH": stand_in.install("snakemake", folder / "programs")}
    wheel = programs.repack(STORAGE, folder / "wheels")
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": str(wheel.parent)}
    return {"PATH": programs.search_path(), **offline}


def options(region: str, queue_arn: str) -> list[str]:
    """Return the options that the plugin's page asks for, and no others."""
    return [
        *("--executor", "aws-batch", "--jobs", "unlimited"),
        *("--aws-batch-region", region, "--aws-batch-job-queue", queue_arn, "--aws-batch-job-role", ROLE_ARN),
        *("--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/cohort"),
        *("--configfile", PLAN),
    ]


def read_samples(rows: Rows) -> dict[str, str]:
    """Read each job's sample out of its command, such as `… --target-jobs 'align:sample=s0001' …`."""
    targets = {row.job_id: _TARGET.search(row.command) for row in rows}
    return {job_id: target[1] for job_id, target in targets.items() if target}
