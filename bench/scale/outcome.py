"""The figures of a simulated run, named as those of a measured one."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bench.prices import cost
from bench.scale.ideal import ideal_seconds
from bench.scale.scenario import Scenario
from bench.scale.sluice.service import run_sluice
from bench.scale.state_machines import job_poller, run_executions, sync, sync_retry
from bench.scale.waits import measure_backlog
from bench.scale.world import World

POLICIES: Mapping[str, Callable[[World], None]] = {
    "sluice": run_sluice,
    "job-poller": lambda world: run_executions(world, job_poller),
    "sync": lambda world: run_executions(world, sync()),
    "sync-retry": lambda world: run_executions(world, sync_retry()),
}


@dataclass(frozen=True)
class Outcome:
    """One policy's run in numbers. Costs are USD, times seconds.

    Attributes:
        policy: its name, that of the measured contender.
        samples: of the cohort.
        succeeded, failed: samples.
        throttled: answers with 429 by Batch.
        calls: by API.
        backlog_rate_of_quota: submissions a second while there was a backlog, by the quota.
        backlog_seconds: how long there was one.
        makespan_seconds: from the hand-over until the last sample was over, however it ended.
        makespan_of_floor: by jobs / quota + the mean over samples of a sample's three lengths.
        makespan_of_ideal: by what a submitter needs that loses no time; below 1 where samples failed.
        transitions: of all state machines.
        events_longest: of one execution history.
        usd_per_thousand: samples, the failed ones included.
        usd_per_thousand_finished: the same money by the samples that came to an end with success.
    """

    policy: str
    samples: int
    succeeded: int
    failed: int
    throttled: int
    calls: Mapping[str, int]
    backlog_rate_of_quota: float | None
    backlog_seconds: float
    makespan_seconds: float
    makespan_of_floor: float
    makespan_of_ideal: float
    transitions: int
    events_longest: int
    usd_per_thousand: float
    usd_per_thousand_finished: float | None


def simulate(scenario: Scenario, policy: str) -> Outcome:
    """Runs one of POLICIES; the same scenario always gives the same figures."""
    world = World(scenario)
    with _no_search_for_cycles():
        POLICIES[policy](world)
    return read(world, policy)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Nothing here refers to itself, and looking for it takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read(world: World, policy: str) -> Outcome:
    """Computes the figures of a run that is over."""
    ledger, scenario, calls = world.ledger, world.scenario, world.calls()
    usd = cost(ledger.usage())
    backlog = measure_backlog(ledger.waits, scenario.quota_per_second)
    rate = backlog.rate_per_second
    return Outcome(
        policy=policy,
        samples=scenario.cohort.samples,
        succeeded=ledger.succeeded,
        failed=ledger.failed,
        throttled=sum(throttled for api, (_, throttled) in calls.items() if api.startswith("Batch.")),
        calls={api: count for api, (count, _) in calls.items()},
        backlog_rate_of_quota=None if rate is None else rate / scenario.quota_per_second,
        backlog_seconds=backlog.seconds,
        makespan_seconds=ledger.ended_at,
        makespan_of_floor=ledger.ended_at / scenario.floor_seconds,
        makespan_of_ideal=ledger.ended_at / ideal_seconds(scenario),
        transitions=ledger.transitions,
        events_longest=ledger.events_longest,
        usd_per_thousand=usd.per_thousand(scenario.cohort.samples),
        usd_per_thousand_finished=usd.per_thousand(ledger.succeeded) if ledger.succeeded else None,
    )
