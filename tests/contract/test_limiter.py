"""One body for the limiter on three backends, in time that only passes when a caller waits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bench.limiter.figures import most_above_rate
from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.rate.gcra import MICROSECONDS, Limit
from sluice.rate.limiter import Limiter
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.support.fakes import FakeClock, MemoryRateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.rate.ports import RateStore

LIMIT = Limit(50, burst=10)


@pytest.fixture(params=["memory", *DYNAMODB_BACKENDS])
def another_process(request: pytest.FixtureRequest, unique: str) -> Callable[[], RateStore]:
    """Gives each process the store that it would have: they share the table, not what they saw last."""
    if request.param == "memory":
        shared = MemoryRateStore()
        return lambda: shared
    dynamodb = dynamodb_of(request.param, request)
    table = create_table(dynamodb, TEMPLATE, "RateTable", name=unique)
    return lambda: DynamoRateStore(dynamodb, table)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiters(another_process: Callable[[], RateStore], clock: FakeClock) -> list[Limiter]:
    """Those of three processes."""
    return [Limiter("SubmitJob", limit=LIMIT, store=another_process(), clock=clock) for _ in range(3)]


def call_in_turn(limiters: list[Limiter], clock: FakeClock, calls: int) -> list[int]:
    """When the processes may make so many calls, one after another."""
    times_us = []
    for index in range(calls):
        assert limiters[index % len(limiters)].wait()
        times_us.append(clock.now_us())
    return times_us


def test_processes_that_share_a_rate_use_all_of_it_and_no_more(
    limiters: list[Limiter], clock: FakeClock
) -> None:
    started_us = clock.now_us()
    times_us = call_in_turn(limiters, clock, 60)
    assert most_above_rate(times_us, 50) <= LIMIT.burst
    assert times_us[-1] - started_us == (60 - LIMIT.at_once) * 20_000


def test_a_pause_gives_nobody_more_than_the_burst(limiters: list[Limiter], clock: FakeClock) -> None:
    times_us = call_in_turn(limiters, clock, 20)
    clock.sleep(3600)
    times_us += call_in_turn(limiters, clock, 20)
    assert most_above_rate(times_us, 50) <= LIMIT.burst
    assert times_us.count(times_us[20]) == LIMIT.at_once


def test_a_storm_of_429s_slows_all_processes_down_and_the_rate_climbs_back(
    limiters: list[Limiter], clock: FakeClock
) -> None:
    call_in_turn(limiters, clock, 10)
    for limiter in limiters:  # all of them hear of the same burst
        limiter.back_off()
    slowed = call_in_turn(limiters, clock, 10)
    assert {later - earlier for earlier, later in pairwise(slowed)} == {40_000}
    clock.sleep(30)
    call_in_turn(limiters, clock, 2 * LIMIT.at_once)
    healed = call_in_turn(limiters, clock, 10)
    assert {later - earlier for earlier, later in pairwise(healed)} == {20_000}


def test_a_rate_that_was_lowered_again_and_again_stays_above_its_floor(
    limiters: list[Limiter], clock: FakeClock
) -> None:
    for _ in range(12):
        for limiter in limiters:
            limiter.back_off()
        clock.sleep(1)
    call_in_turn(limiters, clock, 3)
    earlier, later = call_in_turn(limiters, clock, 2)
    assert later - earlier <= MICROSECONDS / LIMIT.floor_per_second
