from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from bench.scale.sluice.activity import ActivityQueue, QueuedTask
from bench.scale.sluice.parameters import Parameters
from bench.scale.sluice.reconciler import Reconciler
from bench.scale.sluice.service import WINDOW_SECONDS, run_sluice
from bench.scale.sluice.shared_rate import MemoryRates, VirtualClock, VirtualLimiter
from bench.scale.sluice.submitting import Submitting
from bench.scale.sluice.tasks import Tasks
from bench.scale.waits import measure_backlog
from bench.scale.world import Process, World
from sluice.rate.gcra import Limit
from tests.unit.bench.scale.building import NO_DELAYS, path_seconds, scenario

if TYPE_CHECKING:
    from bench.scale.scenario import Scenario


def ran(given: Scenario) -> World:
    world = World(given)
    run_sluice(world)
    return world


def slots(limit: Limit, threads: int, write_seconds: float) -> tuple[list[float], int]:
    """When so many threads, each wanting one slot at 0 s, may call; and how often the table was written."""
    world = World(replace(scenario(), delays=replace(NO_DELAYS, write=write_seconds)))
    rates, times = MemoryRates(), []
    limiter = VirtualLimiter(world, rates, limit)

    def thread() -> Process:
        if (yield from limiter.take(2**62)):
            times.append(world.now())

    for _ in range(threads):
        world.env.process(thread())
    world.env.run()
    return times, rates.writes


def test_slots_come_at_the_limits_rate_after_its_burst() -> None:
    times, _ = slots(Limit(10, burst=3), threads=5, write_seconds=0)
    assert times == pytest.approx([0, 0, 0.1, 0.2, 0.3])


def test_threads_that_queue_behind_a_write_are_served_by_the_next_one() -> None:
    times, writes = slots(Limit(50, burst=1), threads=12, write_seconds=0.01)
    assert len(times) == 12
    # the first takes one slot, the next ones four each for those that queue by then, the last what is left
    assert writes == 4


def test_a_slot_that_would_come_too_late_is_refused() -> None:
    world = World(scenario())
    limiter = VirtualLimiter(world, MemoryRates(), Limit(1, burst=1))
    now_us, heard = VirtualClock(world).now_us(), []

    def thread() -> Process:
        heard.append((yield from limiter.take(now_us + 500_000)))

    world.env.process(thread())
    world.env.process(thread())
    world.env.run()
    assert heard == [True, False]


def test_a_clock_in_virtual_time_does_not_let_a_call_sleep() -> None:
    with pytest.raises(NotImplementedError, match="yield an event"):
        VirtualClock(World(scenario())).sleep(1)


def test_a_task_goes_to_the_poll_that_has_waited_longest_and_an_empty_poll_ends_after_a_minute() -> None:
    world = World(scenario())
    queue = ActivityQueue(world)
    first, second = queue.poll(), queue.poll()
    world.after(10, lambda: queue.put(QueuedTask(0, 0)))
    assert world.env.run(first) == QueuedTask(0, 0)
    assert world.now() == 10
    assert world.env.run(second) is None
    assert world.now() == 60


def test_one_sample_takes_its_jobs_and_the_window_of_the_wake_up() -> None:
    given = scenario(mean_seconds=10)
    world = ran(given)
    assert world.ledger.ended_at == pytest.approx(WINDOW_SECONDS + path_seconds(given))
    assert world.calls()["Batch.SubmitJob"] == (3, 0)
    assert world.calls()["States.SendTaskSuccess"] == (3, 0)
    assert "Batch.DescribeJobs" not in world.calls()


def test_pollers_that_went_idle_are_woken_by_each_jobs_end() -> None:
    given = scenario(mean_seconds=1000)  # no job is shorter than 250 s, and three empty rounds take 180
    world = ran(given)
    assert world.ledger.ended_at == pytest.approx(3 * WINDOW_SECONDS + path_seconds(given))


def test_a_workflow_is_billed_its_states_and_a_poller_its_rounds() -> None:
    world = ran(scenario(mean_seconds=10))
    # the workflow: its start and three tasks; the poller: its start, Begin, two a round, Idle
    rounds = (world.ledger.transitions - 4 - 3) / 2
    assert rounds == 4  # one with the tasks, three empty ones
    assert world.ledger.events_longest == 1 + 2 + 4 * 7 + 3


@settings(max_examples=15, deadline=None)
@for_all(st.integers(1, 60), st.sampled_from([2.0, 7.5, 20.0, 50.0]), st.sampled_from([0.5, 30.0]))
def test_no_call_is_ever_throttled_and_no_sample_lost(
    samples: int, quota: float, mean_seconds: float
) -> None:
    world = ran(scenario(samples=samples, quota=quota, mean_seconds=mean_seconds))
    assert (world.ledger.succeeded, world.ledger.failed) == (samples, 0)
    assert all(throttled == 0 for _, throttled in world.calls().values())
    assert world.calls()["Batch.SubmitJob"][0] == 3 * samples


def test_a_backlog_is_submitted_at_the_stacks_share_of_the_quota() -> None:
    world = ran(scenario(samples=400, quota=20, mean_seconds=5))
    rate = measure_backlog(world.ledger.waits, 20).rate_per_second
    assert rate is not None
    assert rate / 20 == pytest.approx(0.98, abs=0.01)


def test_a_limit_above_the_quota_backs_off_and_still_loses_nothing() -> None:
    given = scenario(samples=200, quota=10, mean_seconds=5)
    world = World(given)
    run_sluice(world, replace(Parameters.of(given), limit=Limit(20, burst=10)))
    assert world.calls()["Batch.SubmitJob"][1] > 0
    assert world.ledger.succeeded == 200


def test_tasks_that_last_get_a_heartbeat_every_five_minutes() -> None:
    given = scenario(mean_seconds=1000)
    beats = ran(given).calls()["States.SendTaskHeartbeat"][0]
    lengths = [given.job_seconds(0, step) for step in range(3)]
    # a claim comes with the first look, each minute, after 300 s
    assert sum(length // 360 for length in lengths) <= beats <= sum(length // 300 for length in lengths)


def test_the_reconciler_submits_what_a_poller_has_left() -> None:
    given = scenario(mean_seconds=10)
    world, parameters = World(given), Parameters.of(given)
    queue = ActivityQueue(world)
    tasks = Tasks(world, queue, parameters, wake=lambda: None)
    submitting = Submitting(world, tasks, VirtualLimiter(world, MemoryRates(), parameters.limit))
    world.env.process(Reconciler(world, tasks, submitting, parameters).run())
    tasks.take(QueuedTask(0, 0), VirtualClock(world).now_us() // 1000)
    world.env.run(until=299)
    assert "Batch.SubmitJob" not in world.calls()
    world.env.run(until=361)
    assert world.calls()["Batch.SubmitJob"] == (1, 0)
    then = QueuedTask(0, 1, ready_at=300 + given.job_seconds(0, 0))
    assert world.env.run(queue.poll()) == then


def test_the_same_scenario_gives_the_same_run() -> None:
    first, second = (ran(scenario(samples=50, quota=5)) for _ in range(2))
    assert first.ledger == second.ledger
    assert first.calls() == second.calls()
