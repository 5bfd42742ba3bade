"""What a cohort is and what it will cost, by closed forms that the simulation confirms.

The simulation (`python -m bench scale`) runs the project's own modules in virtual time; tests hold these
forms to it within a tenth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice_cli.plan import prices

if TYPE_CHECKING:
    from sluice_cli.plan.prices import ComputePrice

WAKE_SECONDS: Final = 7.0
"""Until a poller takes the first task: five seconds in which wake-up calls are gathered, and a cold start."""
HAND_OVER_SECONDS: Final = 1.2
"""From a job's end until the next one is submitted where nothing waits: event, handling, SubmitJob."""
ROUND_SECONDS: Final = 600.0
EMPTY_SECONDS: Final = 180.0
"""A poller ends after three empty rounds of a minute."""
POLLER_GB: Final = 1769 / 1024
HANDLER_GB: Final = 1.0
HANDLER_SECONDS: Final = 0.05
RECONCILER_GB: Final = 1769 / 1024
RECONCILER_SECONDS: Final = 0.2
"""A run of the reconciler with nothing due; one a minute."""
LOOK_EVERY_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.03 / 16
"""A look at an open task, by one of sixteen threads."""
CLAIM_EVERY_SECONDS: Final = 600.0
"""Each second heartbeat of a task is noted in its item."""
CLAIM_UNITS: Final = 4
"""Write units of that: the item of up to 2 KB, and its entry in an index: one goes, one comes."""
LOOK_READ_UNITS: Final = 0.5
JOB_UNITS: Final = 14
"""Write units of a task of one job: intent 5, id 2, note 2, end 4, and its share of the rate's table 1."""


@dataclass(frozen=True)
class Cohort:
    """What is to be run.

    Attributes:
        samples: how many.
        jobs: of a sample, one after another.
        seconds: that a job runs in the mean.
        longest_seconds: that a job of the slowest sample runs in the mean.
        start_seconds: that Batch takes to start a job's container.
    """

    samples: int
    jobs: int
    seconds: float
    longest_seconds: float
    start_seconds: float = 0.0

    @property
    def all_jobs(self) -> int:
        """Jobs of all samples."""
        return self.samples * self.jobs


@dataclass(frozen=True)
class Costs:
    """What it costs in USD: Sluice's own services, and the jobs' compute.

    Attributes:
        tables: DynamoDB, but for heartbeats.
        heartbeats: what they take of DynamoDB, the longer jobs run the more.
    """

    step_functions: float
    functions: float
    tables: float
    heartbeats: float
    queues: float
    compute: float

    @property
    def sluice(self) -> float:
        """All but the compute."""
        return self.step_functions + self.functions + self.tables + self.heartbeats + self.queues

    @property
    def total(self) -> float:
        """All of it."""
        return self.sluice + self.compute


def costs(cohort: Cohort, all_done_seconds: float, job_hour_usd: float) -> Costs:
    """Says what a cohort costs.

    Args:
        cohort: what is run.
        all_done_seconds: how long it takes in all.
        job_hour_usd: what an hour of one job's compute costs.
    """
    jobs = cohort.all_jobs
    polling = _polling_seconds(cohort, all_done_seconds)
    rounds = math.ceil(all_done_seconds / ROUND_SECONDS) + 3
    open_seconds = cohort.seconds + cohort.start_seconds
    looks = jobs * max(0.0, open_seconds / LOOK_EVERY_SECONDS - 0.5)
    claims = jobs * max(0.0, open_seconds / CLAIM_EVERY_SECONDS - 0.5)
    minutes = all_done_seconds / 60
    gb_seconds = (
        polling * POLLER_GB
        + jobs * HANDLER_SECONDS * HANDLER_GB
        + (minutes * RECONCILER_SECONDS + looks * LOOK_SECONDS) * RECONCILER_GB
    )
    invocations = jobs + rounds + minutes
    messages = 2 * jobs + cohort.samples
    return Costs(
        step_functions=(jobs + cohort.samples + 2 * rounds + 2) * prices.TRANSITION,
        functions=invocations * prices.INVOCATION + gb_seconds * prices.GB_SECOND,
        tables=jobs * JOB_UNITS * prices.WRITE_UNIT + minutes * prices.READ_UNIT,
        heartbeats=claims * CLAIM_UNITS * prices.WRITE_UNIT + looks * LOOK_READ_UNITS * prices.READ_UNIT,
        queues=messages * prices.REQUESTS_A_MESSAGE * prices.QUEUE_REQUEST,
        compute=jobs * open_seconds / 3600 * job_hour_usd,
    )


def _polling_seconds(cohort: Cohort, all_done_seconds: float) -> float:
    """How long a poller runs at most: while jobs are submitted or end, and until it has been idle a while.

    Jobs are submitted and end in waves, one more than a sample has jobs, if these take long and alike. No
    wave is longer than twice what the cohort takes longer than a sample of mean length.
    """
    wave = 2 * max(0.0, all_done_seconds - cohort.jobs * (cohort.seconds + cohort.start_seconds))
    return min(all_done_seconds, (cohort.jobs + 1) * (wave + EMPTY_SECONDS)) + EMPTY_SECONDS


def job_hour(price: ComputePrice | None, vcpus: float, gib: float) -> float:
    """USD for an hour of a job's compute; nothing without a price."""
    return price.hour(vcpus, gib) if price is not None else 0.0
