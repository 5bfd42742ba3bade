"""What the cohort is doing at one moment, counted from what was observed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sluice_local.demo.jobs import RUNNING_STATUSES, WAITING_STATUSES, Calls, JobRow, Stage


class SampleState(StrEnum):
    """How far a sample is, as a person says it; it is waiting until its first job is submitted."""

    WAITING = "waiting"
    ALIGNING = "aligning"
    LIKELIHOODS = "likelihoods"
    IMPUTING = "imputing"
    DONE = "done"
    FAILED = "failed"


_STATE_OF_STAGE = {
    Stage.ALIGN: SampleState.ALIGNING,
    Stage.LIKELIHOODS: SampleState.LIKELIHOODS,
    Stage.IMPUTE: SampleState.IMPUTING,
}


@dataclass(frozen=True)
class Observation:
    """All that was seen at one moment.

    Attributes:
        jobs: of the cohort, oldest first.
        calls: so far.
        executions: Step Functions' status of each sample's workflow.
        at_second: the clock, in whole seconds since the epoch.
    """

    jobs: tuple[JobRow, ...]
    calls: Calls
    executions: Mapping[str, str]
    at_second: int

    @property
    def is_over(self) -> bool:
        """Whether every workflow has ended."""
        return all(status != "RUNNING" for status in self.executions.values())


@dataclass(frozen=True)
class Snapshot:
    """An observation, counted.

    Attributes:
        samples: how many are in each state.
        jobs: how many are waiting, running, succeeded, failed.
        submits_now: SubmitJob calls in the last full second.
        submits_peak: the most in any second.
        quota_per_second: how many there may be.
        throttled: SubmitJob calls answered with 429.
        describes: DescribeJobs calls.
    """

    samples: Mapping[SampleState, int]
    jobs: Mapping[str, int]
    submits_now: int
    submits_peak: int
    quota_per_second: float
    throttled: int
    describes: int

    @property
    def jobs_ended(self) -> int:
        """How many jobs have succeeded or failed."""
        return self.jobs["succeeded"] + self.jobs["failed"]

    @property
    def jobs_planned(self) -> int:
        """How many jobs there are if none has to be tried again."""
        return len(Stage) * sum(self.samples.values())


def take_snapshot(seen: Observation, *, quota_per_second: float) -> Snapshot:
    """Count what was observed."""
    states = Counter(sample_states(seen.executions, seen.jobs).values())
    jobs = Counter(_job_state(job.status) for job in seen.jobs)
    return Snapshot(
        samples={state: states[state] for state in SampleState},
        jobs={name: jobs[name] for name in ("waiting", "running", "succeeded", "failed")},
        submits_now=seen.calls.submit.in_second(seen.at_second - 1),
        submits_peak=seen.calls.submit.peak_per_second,
        quota_per_second=quota_per_second,
        throttled=seen.calls.submit.throttled,
        describes=seen.calls.describe.count,
    )


def sample_states(executions: Mapping[str, str], jobs: Iterable[JobRow]) -> dict[str, SampleState]:
    """Tell each sample's state: how its workflow ended, else the stage of its newest job."""
    newest = {job.sample: job for job in jobs}
    return {sample: _state(status, newest.get(sample)) for sample, status in executions.items()}


def _state(status: str, newest: JobRow | None) -> SampleState:
    if status != "RUNNING":
        return SampleState.DONE if status == "SUCCEEDED" else SampleState.FAILED
    return _STATE_OF_STAGE[newest.stage] if newest else SampleState.WAITING


def _job_state(status: str) -> str:
    if status in WAITING_STATUSES:
        return "waiting"
    return "running" if status in RUNNING_STATUSES else status.lower()
