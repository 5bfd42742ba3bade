"""What a simulated run is given: the cohort, the quotas, and how long everything else takes."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bench.cohort import JOBS_PER_SAMPLE, Cohort
from bench.contenders.job_poller import WAIT_SECONDS
from sluice_local.quotas import Quota, quota_of
from sluice_local.settings import LocalSettings


@dataclass(frozen=True)
class Delays:
    """How long things take that have no published figure: assumptions, in seconds.

    Attributes:
        call: of a call to Batch or Step Functions, until its answer.
        write: of a write to DynamoDB.
        event: from a job's end until the state machine or the function that waits for it has its event.
        start: of a poller, from `ensure_pollers` until its threads poll: a cold function.
        next_round: between two rounds of a poller.
        handling: of one event by `handle_job_status`, once warm.
    """

    call: float = 0.05
    write: float = 0.008
    event: float = 1.0
    start: float = 2.0
    next_round: float = 0.2
    handling: float = 0.05


@dataclass(frozen=True)
class Scenario:
    """One cohort under one quota.

    Attributes:
        cohort: the work; lengths are the same as in a live run of the same cohort.
        quota_per_second: of SubmitJob; all other quotas are AWS's.
        wait_seconds: between two looks of the contender that polls.
        starts: how fast executions are started; None is as fast as AWS's quota of StartExecution allows.
        delays: of everything else.
    """

    cohort: Cohort
    quota_per_second: float
    wait_seconds: float = WAIT_SECONDS
    starts: Quota | None = None
    delays: Delays = field(default_factory=Delays)

    def quotas(self) -> Mapping[str, Quota]:
        """The quota of each API that has one."""
        return LocalSettings(quotas={"Batch.SubmitJob": self.submit_quota}).quotas_in_force()

    @property
    def start_pace(self) -> Quota:
        """How many executions are started at once, and a second from then on."""
        return self.starts or self.quotas()["States.StartExecution"]

    @property
    def submit_quota(self) -> Quota:
        """SubmitJob's."""
        return quota_of(self.quota_per_second)

    @cached_property
    def lengths(self) -> "array[float]":
        """Every job's length in seconds, the three of a sample side by side."""
        cohort = self.cohort
        return array("d", (each for name in cohort.sample_names() for each in cohort.seconds(name)))

    @property
    def floor_seconds(self) -> float:
        """Jobs / quota + the mean over samples of a sample's lengths, as the measured runs have it."""
        return self.cohort.jobs / self.quota_per_second + sum(self.lengths) / self.cohort.samples

    def job_seconds(self, sample: int, step: int) -> float:
        """The length of one job."""
        return self.lengths[sample * JOBS_PER_SAMPLE + step]
