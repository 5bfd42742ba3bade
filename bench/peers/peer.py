"""What peers have in common: a published client that is run as a process, and judged by what Batch saw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.peers.client import client_environment, run_client
from bench.peers.outcome import ended, not_run
from bench.peers.plan import JobSide
from bench.peers.programs import PeerPrograms, PeersMissingError
from sluice_local.observing import JobRow, read_jobs
from sluice_local.server import LocalAws

Rows = Iterable[JobRow]


@dataclass(frozen=True)
class Setting:
    """Where a client runs: on which Local AWS, with which programs, in which folder (an absolute path)."""

    aws: LocalAws
    cohort: Cohort
    folder: Path
    programs: PeerPrograms
    job_side: JobSide


@dataclass(frozen=True)
class Invocation:
    """How a client is started: its command line, what its environment has besides, and its versions."""

    command: Sequence[str]
    versions: str
    environment: Mapping[str, str] = field(default_factory=dict)


def environment_of(setting: Setting, invocation: Invocation) -> dict[str, str]:
    """Return all the variables that a client gets."""
    return {
        **client_environment(setting.aws, setting.programs, setting.folder),
        **invocation.environment,
    }


class Client(Protocol):
    """One published client."""

    @property
    def name(self) -> str:
        """How the results call it."""

    def prepare(self, setting: Setting) -> Invocation:
        """Write its files into the folder and say how it is started.

        Raises:
            PeersMissingError: if it is not installed.
        """

    def samples_by_job(self, setting: Setting, rows: Rows) -> dict[str, str]:
        """Tell the sample of each job, by the job's id, after the run; `rows` are Local AWS's page `jobs`."""


@dataclass(frozen=True)
class Peer:
    """A contender that is somebody else's program.

    Attributes:
        client: which.
        programs: where it is installed.
        job_side: what runs inside its jobs.
        timeout_seconds: the client is stopped after this time.
    """

    client: Client
    programs: PeerPrograms = field(default_factory=PeerPrograms)
    job_side: JobSide = JobSide.STAND_IN
    timeout_seconds: float = 1800

    @property
    def name(self) -> str:
        """The client's."""
        return self.client.name

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        """Take the cohort through; a peer that is not installed is told in the note."""
        setting = Setting(aws, cohort, folder.absolute(), self.programs, self.job_side)
        try:
            invocation = self.client.prepare(setting)
        except PeersMissingError as error:
            return not_run(cohort, str(error))
        run = run_client(
            invocation.command,
            folder=setting.folder,
            environment=environment_of(setting, invocation),
            timeout_seconds=self.timeout_seconds,
        )
        rows = read_jobs(aws.page("jobs"))
        samples = self.client.samples_by_job(setting, rows)
        note = f"{invocation.versions}. {self.job_side.note}"
        return ended(run, cohort, rows=rows, samples=samples, note=note)
