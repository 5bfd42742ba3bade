"""The figures of one run: pure functions over what was seen."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.backlog import Backlog, find_backlog, waits
from bench.cohort import Cohort
from bench.machine import idle_share
from bench.observation import Seen, SeenJob
from bench.prices import cost
from sluice_local.observing import ApiCalls

SHOWN_APIS = ("Batch.SubmitJob", "Batch.DescribeJobs", "Batch.ListJobs", "States.GetActivityTask")


@dataclass(frozen=True)
class Figures:
    """One run in numbers; None for what did not happen. Costs are USD, times seconds, shares 0 to 1.

    Attributes:
        succeeded, failed: samples.
        throttled: answers with 429 by Batch.
        calls: by API, of those in SHOWN_APIS, throttled ones included.
        backlog_rate_of_quota: submissions a second while there was a backlog, by the quota.
        backlog_seconds: how long there was one.
        idle_share_in_backlog: of all processors' time.
        makespan_seconds: from the hand-over until the last sample was over.
        makespan_of_floor: by jobs / quota + the mean over samples of a sample's three lengths.
        submit_delay_*: from a job's end until the next one of its sample was accepted.
        start_delay_*: from a job's end until the next one of its sample started.
        first_submit_seconds: from the hand-over to the first accepted SubmitJob.
        transitions, gb_seconds, write_units, read_units: what is billed.
        usd_per_thousand: samples.
        events_longest: of one execution history.
    """

    succeeded: int
    failed: int
    throttled: int
    calls: Mapping[str, int]
    backlog_rate_of_quota: float | None
    backlog_seconds: float
    idle_share_in_backlog: float | None
    makespan_seconds: float
    makespan_of_floor: float
    submit_delay_median: float | None
    submit_delay_p99: float | None
    start_delay_median: float | None
    start_delay_p99: float | None
    first_submit_seconds: float | None
    transitions: int
    gb_seconds: float
    write_units: float
    read_units: float
    usd_per_thousand: float
    events_longest: int


def compute_figures(seen: Seen, cohort: Cohort, quota_per_second: float) -> Figures:
    """Compute every figure of one run."""
    samples = list(seen.by_sample().values())
    started_s = seen.ended.started_s
    backlog = find_backlog(waits(samples, started_s), quota_per_second)
    rate = backlog.rate_per_second
    makespan = seen.ended.ended_s - started_s
    submits, starts = submit_delays(samples), start_delays(samples)
    first_s = min((job.created_s for job in seen.jobs), default=None)
    return Figures(
        succeeded=seen.ended.succeeded,
        failed=seen.ended.failed,
        throttled=sum(use.throttled for api, use in seen.calls.items() if api.startswith("Batch.")),
        calls={api: _count(seen.calls.get(api)) for api in SHOWN_APIS},
        backlog_rate_of_quota=None if rate is None else rate / quota_per_second,
        backlog_seconds=backlog.seconds,
        idle_share_in_backlog=_idle_share(seen, backlog),
        makespan_seconds=makespan,
        makespan_of_floor=makespan / floor_seconds(cohort, quota_per_second),
        submit_delay_median=median(submits) if submits else None,
        submit_delay_p99=percentile(submits, 99),
        start_delay_median=median(starts) if starts else None,
        start_delay_p99=percentile(starts, 99),
        first_submit_seconds=None if first_s is None else first_s - started_s,
        transitions=seen.usage.transitions,
        gb_seconds=seen.usage.gb_seconds,
        write_units=seen.usage.write_units,
        read_units=seen.usage.read_units,
        usd_per_thousand=cost(seen.usage).per_thousand(cohort.samples),
        events_longest=seen.events_longest,
    )


def floor_seconds(cohort: Cohort, quota_per_second: float) -> float:
    """The least that a cohort can take, near enough: each submission at the quota, then one sample's jobs."""
    return cohort.jobs / quota_per_second + cohort.critical_path_seconds()


def submit_delays(samples: Iterable[Sequence[SeenJob]]) -> list[float]:
    """Seconds from each job's end to the submission of its sample's next one."""
    return [
        after.created_s - before.stopped_s
        for jobs in samples
        for before, after in pairwise(jobs)
        if before.stopped_s is not None
    ]


def start_delays(samples: Iterable[Sequence[SeenJob]]) -> list[float]:
    """Seconds from each job's end to the start of its sample's next one."""
    return [
        after.started_s - before.stopped_s
        for jobs in samples
        for before, after in pairwise(jobs)
        if before.stopped_s is not None and after.started_s is not None
    ]


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The smallest value that at least so many percent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1] if ordered else None


def throttled_per_second(calls: Mapping[str, ApiCalls]) -> dict[int, int]:
    """Sum Batch's answers with 429 by second of the epoch."""
    sums: dict[int, int] = {}
    for api, use in calls.items():
        if api.startswith("Batch."):
            for second, (_, throttled) in use.per_second.items():
                sums[second] = sums.get(second, 0) + throttled
    return sums


def _count(use: ApiCalls | None) -> int:
    return 0 if use is None else use.count


def _idle_share(seen: Seen, backlog: Backlog) -> float | None:
    """From the first to the last moment of the backlog: samples are too few for each interval alone."""
    if not backlog.intervals:
        return None
    return idle_share(seen.cpu, backlog.intervals[0][0], backlog.intervals[-1][1])
