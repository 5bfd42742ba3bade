"""What a report tells of: a cohort, its samples and their jobs; pure. Times are ms since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class SampleFacts:
    """One sample's newest attempt.

    Attributes:
        name: of the sample.
        attempt: how many times it was started as a whole.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        started_ms, stopped_ms: its execution.
        error: the named error that it failed with.
        reason: what was said of its end, where no job of it is to blame.
    """

    name: str
    attempt: int
    status: str
    started_ms: int
    stopped_ms: int | None = None
    error: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Array:
    """The children of an array job.

    Attributes:
        size: how many there are.
        failed: how many failed.
        billed_seconds: how long all of them ran, each as long as is billed at least; None if Batch has
            forgotten them.
    """

    size: int
    failed: int = 0
    billed_seconds: int | None = None


@dataclass(frozen=True)
class Resources:
    """What a job may use; None is unknown."""

    vcpus: float | None = None
    memory_mib: int | None = None
    architecture: str | None = None


@dataclass(frozen=True)
class JobFacts:
    """One Batch job of a sample.

    Attributes:
        sample: whose it is.
        name: its name in the task.
        state: the workflow's state that asked for it.
        ready_ms: when it could have been submitted: at its sample's start, or the end of the task before.
        taken_ms: when a poller took its task.
        submitted_ms: when Batch had accepted it.
        runnable_ms: when nothing but a free place kept it from running: submitted, and its dependencies over.
        started_ms, stopped_ms: its last attempt.
        status: of the job; None if Batch's first word is yet to come.
        attempts: how often Batch tried.
        attempt: of the sample, of which it is a job.
        is_again: True for a job of a try after one of the same state that failed.
        is_superseded: True for a job that was run anew, in another try or another attempt at the sample.
        earlier: from when to when Batch's earlier attempts ran, as far as Batch remembers them.
        array: its children, if it is an array; then its times are those of all of them.
        error, reason, exit_code: of a job that failed.
        log_group, log_stream: where it logged.
        resources: what it may use.
    """

    sample: str
    name: str
    state: str
    ready_ms: int
    taken_ms: int
    submitted_ms: int | None = None
    runnable_ms: int | None = None
    started_ms: int | None = None
    stopped_ms: int | None = None
    status: str | None = None
    attempts: int | None = None
    error: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    resources: Resources = Resources()
    attempt: int = 1
    is_again: bool = False
    is_superseded: bool = False
    earlier: tuple[tuple[int, int], ...] = ()
    array: Array | None = None
    log_group: str | None = None
    log_stream: str | None = None


@dataclass(frozen=True)
class Throttling:
    """Answers with 429 to SubmitJob, of the whole stack while the cohort ran.

    Attributes:
        per_period: (begin of the period in ms, answers).
        period_ms: how long a period is.
        is_whole: False while CloudWatch does not tell of all that the cohort has submitted.
    """

    per_period: Sequence[tuple[int, int]]
    period_ms: int = 60_000
    is_whole: bool = True

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.per_period)


@dataclass(frozen=True)
class FrequencyBin:
    """How well genotypes were recovered at sites of a minor-allele frequency above `lower`, up to `upper`."""

    lower: float
    upper: float
    r2: float | None


@dataclass(frozen=True)
class Accuracy:
    """What `lowpass accuracy` found for a sample: over frequent sites, and bin by bin; `depth` if it told."""

    common: FrequencyBin
    bins: tuple[FrequencyBin, ...]
    depth: float | None = None


@dataclass(frozen=True)
class Console:
    """Addresses in AWS's console: put an execution's ARN behind the one, a log's place behind the other."""

    executions: str
    logs: str
    execution_arns: str


@dataclass(frozen=True)
class CohortFacts:
    """All that is known of a cohort at one moment.

    Attributes:
        cohort: its name.
        stack, region: where it runs.
        workflow: the name of its state machine.
        total: samples of its sheet.
        seen_ms: when this was gathered.
        rate_per_second: SubmitJob calls a second that the stack allows itself.
        samples: those that were started, in the order of their start.
        jobs: of the samples.
        throttling: None if nobody counts it.
        accuracy: by sample, of those whose accuracy was measured.
        console: where people see executions and logs; None on Local AWS.
    """

    cohort: str
    stack: str
    region: str
    workflow: str
    total: int
    seen_ms: int
    rate_per_second: float | None
    samples: tuple[SampleFacts, ...]
    jobs: tuple[JobFacts, ...]
    throttling: Throttling | None = None
    accuracy: Mapping[str, Accuracy] = field(default_factory=dict)
    console: Console | None = None
