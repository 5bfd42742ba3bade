"""Two stacks and a client that submits without Sluice on one quota: is it used, and shared fairly?

The second stack uses the rate table of the first. The foreign client is Snakemake, as published, whose calls
wait for slots of `sluice reserve`. Each of the three always has more to submit than its share.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.cohort import Cohort
from bench.contenders.sleep_jobs import SleepJob, add_sleep_job
from bench.contenders.workflows import start_workflows
from bench.machine import CpuSampler, describe_machine, idle_share
from bench.peers.client import last_lines, started_client
from bench.peers.peer import Setting, environment_of
from bench.peers.plan import JobSide
from bench.peers.programs import PeerPrograms
from bench.peers.snakemake import JOB_PREFIX, Snakemake
from bench.results import write_json
from sluice_local.deploy import deploy
from sluice_local.observing import JobRow, read_calls, read_jobs
from sluice_local.quotas import quota_of
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import OPEN, STACK_NAME, deploy_stack, find_project, stack_parameters

SECOND: Final = "second"
FOREIGN: Final = "snakemake"
OWNERS: Final = (STACK_NAME, SECOND, FOREIGN)
USED_GOAL: Final = 0.97
SHARE_GOAL: Final = 0.1
"""By how much a share may differ from the fair one."""
_WORK: Final = 0.6
"""Of what the quota allows, so much work is each one's: nearly twice its fair share."""
_HEAD_START: Final = 2
"""So many times that work has who begins first: it has the quota to itself until the others begin."""
_LOOK_SECONDS: Final = 0.5
_SLOTS: Final = 16
_FOREIGN_SLOTS: Final = 4
"""So few of Snakemake's jobs run at once, and so long that hardly one ends: it submits nothing while it looks
after jobs that have ended. Those of the stacks end at once."""


class SharingError(Exception):
    """Raised when nothing can be measured; the message says why."""


@dataclass(frozen=True)
class Sharing:
    """What is measured.

    Attributes:
        quota_per_second: SubmitJob calls a second that Batch allows.
        seconds: how long, once all three submit.
        output: folder of the results.
    """

    quota_per_second: float
    seconds: float
    output: Path

    @property
    def work(self) -> int:
        """Jobs that each of the stacks has."""
        return round(_WORK * self.quota_per_second * self.seconds)


@dataclass(frozen=True)
class ForeignClient:
    """The running client, and the folder in which it keeps what it prints."""

    process: subprocess.Popen[bytes]
    folder: Path

    def check(self) -> None:
        """Raise SharingError if it has ended, and so has no more to submit."""
        code = self.process.poll()
        if code is not None:
            raise SharingError(f"{FOREIGN} ended early, with {code}: {last_lines(self.folder)}")


@dataclass(frozen=True)
class Shared:
    """One run in figures.

    Attributes:
        jobs: submitted within the time, by owner.
        used: of what the quota allowed in it.
        throttled: calls answered with 429, of the whole run.
        idle: share of the processors' time.
    """

    jobs: Mapping[str, int]
    used: float
    throttled: int
    idle: float | None

    @property
    def shares(self) -> dict[str, float]:
        """Each one's jobs by its fair share, which is a third."""
        fair = sum(self.jobs.values()) / len(OWNERS)
        return {owner: count / fair if fair else 0.0 for owner, count in self.jobs.items()}

    @property
    def is_good(self) -> bool:
        """Whether nobody was throttled, the quota was used, and fairly."""
        fair = all(abs(share - 1) <= SHARE_GOAL for share in self.shares.values())
        return not self.throttled and self.used >= USED_GOAL and fair


def sharing(asked: Sharing, console: Console) -> int:
    """Measure, print and write the results; 0 if all goals are met.

    Raises:
        PeersMissingError: Snakemake is not installed.
        SharingError: it ended early.
    """
    found = measure(asked)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "conditions": {"quotaPerSecond": asked.quota_per_second, "seconds": asked.seconds},
        "machine": describe_machine(),
        **asdict(found),
        "shares": found.shares,
    }
    write_json(asked.output / "sharing.json", document)
    _print(console, asked, found)
    return 0 if found.is_good else 1


def measure(asked: Sharing) -> Shared:
    """Let all three submit on a Local AWS of their own; nothing is left running afterwards."""
    quota = quota_of(asked.quota_per_second)
    settings = LocalSettings(quotas={"Batch.SubmitJob": quota}, job_slots=_SLOTS)
    with LocalAws(settings) as aws, CpuSampler() as cpu:
        job, activities = _deployed(aws)
        with _foreign_client(aws, PeerPrograms(), asked) as client:
            _await_jobs(aws, client, [FOREIGN])  # it needs longest to begin
            for name, activity_arn in activities.items():
                inputs: dict[str, dict[str, object]] = {f"{name}-{n}": {} for n in range(asked.work)}
                start_workflows(aws, _workflow(activity_arn, job, name), inputs, name=f"bench-{name}")
            begin_s = _await_jobs(aws, client, OWNERS)
            time.sleep(max(0.0, begin_s + asked.seconds - time.time()))
            client.check()
        jobs, calls = read_jobs(aws.page("jobs")), read_calls(aws.page("calls"))["Batch.SubmitJob"]
    idle = idle_share(cpu.samples, begin_s, begin_s + asked.seconds)
    return figures(jobs, begin_s, asked, throttled=calls.throttled, idle=idle)


def figures(
    jobs: Iterable[JobRow], begin_s: float, asked: Sharing, *, throttled: int, idle: float | None
) -> Shared:
    """Count whose jobs were submitted within the time."""
    end_s = begin_s + asked.seconds
    within = Counter(owner_of(job) for job in jobs if begin_s < job.created_s <= end_s)
    return Shared(
        jobs={owner: within[owner] for owner in OWNERS},
        used=within.total() / (asked.quota_per_second * asked.seconds),
        throttled=throttled,
        idle=idle,
    )


def owner_of(job: JobRow) -> str:
    """Tell whose a job is: Snakemake's by their names, the others by what they were given."""
    return FOREIGN if job.name.startswith(JOB_PREFIX) else job.parameters["owner"]


def _deployed(aws: LocalAws) -> tuple[SleepJob, dict[str, str]]:
    """Deploy both stacks; return the job and each stack's Activity."""
    quota, project = aws.settings.quotas_in_force()["Batch.SubmitJob"], find_project()
    # after a stall the threads of both, and the client, may call at once
    threads = max(1, int(quota.bucket_size - 1) // 2)
    parameters = {**stack_parameters(quota), "PollerThreads": str(threads)}
    first = deploy_stack(project, aws, parameters)
    shared = {"RateTableName": first["RateTableName"], "JobQueueArns": first["JobQueueArn"]}
    second = deploy(
        aws.client("cloudformation"),
        aws.client("s3"),
        project.file("template.yaml"),
        stack_name=SECOND,
        parameters={**OPEN, **parameters, **shared},
    )
    activities = {STACK_NAME: first["ActivityArn"], SECOND: second["ActivityArn"]}
    return add_sleep_job(aws, first["JobQueueArn"]), activities


def _workflow(activity_arn: str, job: SleepJob, owner: str) -> dict[str, Any]:
    request = {
        "jobName": owner,
        "jobQueue": job.queue,
        "jobDefinition": job.definition,
        "parameters": {"owner": owner, "seconds": "0"},
    }
    task = {
        "Type": "Task",
        "Resource": activity_arn,
        "Parameters": {
            "executionArn.$": "$$.Execution.Id",
            "stateName.$": "$$.State.Name",
            "jobs": [request],
        },
        "HeartbeatSeconds": 900,
        "End": True,
    }
    return {"StartAt": "Work", "States": {"Work": task}}


@contextmanager
def _foreign_client(aws: LocalAws, programs: PeerPrograms, asked: Sharing) -> Iterator[ForeignClient]:
    """Snakemake, whose Snakefile has the lines with which boto3 awaits a slot of `sluice reserve`."""
    cohort = Cohort(_HEAD_START * asked.work, seed=1, mean_seconds=10 * asked.seconds)
    with TemporaryDirectory(prefix="bench-sharing-") as name:
        folder = Path(name)
        setting = Setting(aws, cohort, folder, programs, JobSide.STAND_IN)
        invocation = Snakemake(snakefile="independent.smk", most_vcpus=_FOREIGN_SLOTS).prepare(setting)
        environment = environment_of(setting, invocation)
        environment["PATH"] += os.pathsep + str(Path(sys.executable).parent)  # for `sluice`
        with started_client(invocation.command, folder=folder, environment=environment) as process:
            yield ForeignClient(process, folder)


def _await_jobs(aws: LocalAws, client: ForeignClient, owners: Sequence[str]) -> float:
    """Wait until each of the owners has submitted a job; return when that was."""
    while True:
        client.check()
        jobs = read_jobs(aws.page("jobs"))
        first_s = {owner: _first_s(jobs, owner) for owner in owners}
        if all(first_s.values()):
            return max(first_s.values())
        time.sleep(_LOOK_SECONDS)


def _first_s(jobs: Iterable[JobRow], owner: str) -> float:
    return min((job.created_s for job in jobs if owner_of(job) == owner), default=0.0)


def _print(console: Console, asked: Sharing, found: Shared) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("", "jobs", "of its fair share"):
        table.add_column(title, justify="right" if title else "left")
    for owner, share in found.shares.items():
        table.add_row(owner, f"{found.jobs[owner]:,}", f"{share:.3f}")
    console.print(table)
    if found.idle is not None:
        console.print(f"processors idle meanwhile: {found.idle:.0%}")
    console.print(
        f"of the quota of {asked.quota_per_second:g} a second {found.used:.3f} used (goal {USED_GOAL}); "
        f"{found.throttled} calls answered with 429"
    )
