"""Takes one contender through one run and gathers what was seen of it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cohort import Cohort
from bench.contenders.contender import Contender, Ended
from bench.machine import CpuSample, CpuSampler
from bench.observation import Seen, jobs_of_samples
from sluice_local.observing import ApiCalls, read_calls, read_jobs, read_usage
from sluice_local.quotas import quota_of
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.terminal.display import Display
from sluice_local.terminal.progress import Step

JOB_SLOTS = 400
"""More than there are jobs at once at the quotas and lengths that one machine can drive."""
LOOK_SECONDS = 2.0
_LOG_FILE = "server.log"


@dataclass(frozen=True)
class Conditions:
    """What all contenders have in common.

    Attributes:
        cohort: what is to be done.
        quota_per_second: SubmitJob calls a second that Batch allows; its other calls have AWS's own quotas.
    """

    cohort: Cohort
    quota_per_second: float

    def settings(self, folder: Path) -> LocalSettings:
        """How Local AWS is started for a run."""
        return LocalSettings(
            quotas={"Batch.SubmitJob": quota_of(self.quota_per_second)},
            job_slots=JOB_SLOTS,
            job_directory=str(folder.absolute()),
        )


def measure(contender: Contender, conditions: Conditions, folder: Path, display: Display) -> Seen:
    """Run a contender on a Local AWS of its own; nothing is left running afterwards.

    Args:
        contender: who runs.
        conditions: cohort and quota.
        folder: empty, for the server's log and files.
        display: shows how far it is.

    Raises:
        LocalAwsError, DeployError: if Local AWS or what a contender needs cannot be set up.
    """
    with ExitStack() as open_until_end:
        display.show(Step(f"{contender.name}: starting Local AWS"))
        aws = LocalAws(conditions.settings(folder / "batch"), log_path=folder / _LOG_FILE)
        open_until_end.enter_context(aws)
        open_until_end.enter_context(_shown(aws, contender.name, conditions.cohort, display))
        own = folder / "contender"
        own.mkdir()
        with CpuSampler() as cpu:
            ended = contender.run(aws, conditions.cohort, own)
        return gather(aws, ended, cpu.samples)


def gather(aws: LocalAws, ended: Ended, cpu: list[CpuSample]) -> Seen:
    """Read every observation page."""
    functions, executions = aws.page("functions"), aws.page("executions")
    return Seen(
        ended=ended,
        jobs=jobs_of_samples(read_jobs(aws.page("jobs")), ended.samples),
        calls=read_calls(aws.page("calls")),
        usage=read_usage(executions, functions, aws.page("tables"), aws.page("queues")),
        events_longest=max((execution["events"] for execution in executions), default=0),
        memory_mib={name: use["peakMemoryMib"] for name, use in functions.items()},
        cpu=tuple(cpu),
    )


@contextmanager
def _shown(aws: LocalAws, name: str, cohort: Cohort, display: Display) -> Iterator[None]:
    """Say every two seconds how many jobs were submitted."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            calls = read_calls(aws.page("calls")).get("Batch.SubmitJob", ApiCalls())
            title = f"{name}: {calls.throttled} SubmitJob answered with 429; jobs submitted"
            display.show(Step(title, calls.count - calls.throttled, cohort.jobs))
            over.wait(LOOK_SECONDS)

    thread = threading.Thread(target=look, name="progress-look", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
