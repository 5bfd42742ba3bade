from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.scale.state_machines import Execution, job_poller, run_executions, sync, sync_retry
from bench.scale.world import World
from tests.unit.bench.scale.building import path_seconds, scenario

if TYPE_CHECKING:
    from bench.scale.scenario import Scenario


def ran(given: Scenario, execution: Execution) -> World:
    world = World(given)
    run_executions(world, execution)
    return world


def test_sync_waits_for_each_job_and_takes_one_state_for_it() -> None:
    given = scenario(mean_seconds=20)
    world = ran(given, sync())
    assert world.ledger.ended_at == pytest.approx(path_seconds(given))
    assert world.ledger.transitions == 1 + 3
    # ExecutionStarted, for each job the five of a Task state and TaskSubmitted, ExecutionSucceeded
    assert world.ledger.events_longest == 1 + 3 * 6 + 1
    assert world.calls()["Batch.SubmitJob"] == (3, 0)


def test_sync_looks_once_a_minute_besides_the_event() -> None:
    given = scenario(mean_seconds=200)
    world = ran(given, sync())
    looks = sum(int(given.job_seconds(0, step) // 60) for step in range(3))
    assert world.calls()["Batch.DescribeJobs"] == (looks, 0)


def test_without_a_retry_a_sample_fails_with_its_first_429() -> None:
    world = ran(scenario(samples=5, quota=2), sync())
    assert world.calls()["Batch.SubmitJob"] == (2 * 3 + 3, 3)
    assert (world.ledger.succeeded, world.ledger.failed) == (2, 3)


def test_a_retry_without_jitter_comes_when_asl_says() -> None:
    retrier = {"IntervalSeconds": 2, "BackoffRate": 2.0, "MaxAttempts": 2}
    given = scenario(samples=2, quota=0.2, mean_seconds=20)
    world = ran(given, sync(retrier))
    # the bucket holds one call and gets the next after 5 s: tries at 0, 2 and 6 s, of which the last is heard
    assert (world.ledger.succeeded, world.ledger.failed) == (2, 0)
    assert world.ledger.events_longest == 1 + 3 * 6 + 2 * 3 + 1
    assert world.ledger.ended_at == pytest.approx(6 + path_seconds(given, 1))


def test_metaflows_retry_gives_up_after_ten_further_tries() -> None:
    world = ran(scenario(samples=40, quota=0.01, mean_seconds=20), sync_retry())
    assert world.ledger.failed > 0
    submitted, throttled = world.calls()["Batch.SubmitJob"]
    assert throttled >= 11 * world.ledger.failed
    assert submitted - throttled <= 3 * world.ledger.succeeded + 2 * world.ledger.failed


def test_the_job_poller_looks_after_every_wait_and_once_more() -> None:
    given = scenario(mean_seconds=100)
    world = ran(given, job_poller)
    looks = [-int(-given.job_seconds(0, step) // 60) for step in range(3)]
    assert world.ledger.ended_at == pytest.approx(60 * sum(looks))
    assert world.calls()["Batch.DescribeJobs"] == (sum(looks) + 3, 0)
    # the start; for each job its submission, three states a look, the last look
    assert world.ledger.transitions == 1 + 3 + 3 * sum(looks) + 3
    # a Task state has five events, a Wait and a Choice two
    assert world.ledger.events_longest == 1 + 3 * 5 + 9 * sum(looks) + 3 * 5 + 1


def test_the_job_poller_fails_when_its_history_is_full() -> None:
    world = ran(scenario(mean_seconds=4000, wait=1), job_poller)
    assert world.ledger.failed == 1
    assert 25_000 <= world.ledger.events_longest < 25_020


def test_a_429_of_a_look_fails_the_job_poller_after_three_retries() -> None:
    # 400 samples of which each looks once a second: DescribeJobs allows 50
    world = ran(scenario(samples=400, quota=400, mean_seconds=50, wait=1), job_poller)
    assert world.calls()["Batch.SubmitJob"][1] == 0
    assert world.ledger.failed > 200


@pytest.mark.parametrize("execution", [sync_retry(), job_poller])
def test_the_same_seed_gives_the_same_run(execution: Any) -> None:
    first, second = (ran(scenario(samples=80, quota=5), execution) for _ in range(2))
    assert first.ledger == second.ledger
    assert first.calls() == second.calls()
