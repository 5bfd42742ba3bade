from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.rate import gcra as rate
from sluice.rate.gcra import Limit, RateState

SECOND = rate.MICROSECONDS
NOW = 1_800_000_000 * SECOND

limits = st.builds(
    Limit,
    rate_per_second=st.floats(0.5, 500),
    burst=st.integers(1, 50),
    floor_per_second=st.just(0.25),
)
# how long after the one before a reserver comes, how many slots it takes
visits = st.lists(
    st.tuples(st.integers(0, 2 * SECOND), st.integers(1, 10)),
    min_size=1,
    max_size=60,
)


def reserved(limit: Limit, visits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """For each slot: when its reserver came, and when it falls due."""
    state, now_us, slots = rate.fresh(NOW, limit), NOW, []
    for wait_us, block in visits:
        # a caller takes no slot that lies farther ahead
        now_us = max(now_us + wait_us, state.arrival_us - rate.AHEAD_SECONDS * SECOND)
        state, taken = rate.reserve(state, block, now_us=now_us, limit=limit)
        slots += [(now_us, due_us) for due_us in taken.due_us]
    return slots


def used_at(limit: Limit, visits: list[tuple[int, int]]) -> list[int]:
    """When each slot is used if reservers come one after another and use a slot as soon as they may."""
    return sorted(max(slot) for slot in reserved(limit, visits))


@given(limits, visits, st.data())
def test_no_interval_holds_more_calls_than_rate_times_length_plus_burst_however_late_slots_are_used(
    limit: Limit, visits: list[tuple[int, int]], data: st.DataObject
) -> None:
    slots = reserved(limit, visits)
    times = sorted(data.draw(st.integers(max(slot), slot[1] + limit.usable_us)) for slot in slots)
    for first, start_us in enumerate(times):
        for last in range(first, len(times)):
            seconds = (times[last] - start_us) / SECOND
            assert last - first + 1 <= limit.rate_per_second * seconds + max(2, limit.burst) + 1e-6


@given(limits, st.integers(0, 10**6))
def test_the_oldest_slot_of_an_idle_limiter_can_still_be_used(limit: Limit, idle_seconds: int) -> None:
    now_us = NOW + idle_seconds * SECOND
    _, taken = rate.reserve(rate.fresh(NOW, limit), 1, now_us=now_us, limit=limit)
    assert taken.start_us + limit.usable_us == now_us + limit.spare_us > now_us


@given(limits, st.integers(1, 200))
def test_under_constant_demand_no_slot_is_left_unused(limit: Limit, slots: int) -> None:
    times = used_at(limit, [(0, 1)] * slots)
    gap_us = rate.gap_us(limit.rate_per_second)
    assert times[-1] - NOW == max(0, slots - limit.at_once) * gap_us


@pytest.mark.parametrize(("burst", "at_once", "usable"), [(1, 1, 1), (2, 1, 1), (5, 3, 4), (10, 5, 9)])
def test_a_burst_is_half_for_calls_at_once_and_half_for_late_ones(
    burst: int, at_once: int, usable: int
) -> None:
    limit = Limit(50, burst=burst)
    assert (limit.at_once, limit.usable_us) == (at_once, usable * 20_000)


@given(limits, st.lists(st.integers(1, 10), min_size=1, max_size=20))
def test_slots_taken_in_blocks_are_the_slots_taken_one_by_one(limit: Limit, blocks: list[int]) -> None:
    in_blocks = used_at(limit, [(0, block) for block in blocks])
    one_by_one = used_at(limit, [(0, 1)] * sum(blocks))
    assert in_blocks == one_by_one


@given(limits, visits)
def test_every_slot_is_handed_out_once(limit: Limit, visits: list[tuple[int, int]]) -> None:
    dues = [due_us for _, due_us in reserved(limit, visits)]
    assert dues == sorted(set(dues))


def test_a_429_halves_the_rate_and_a_second_one_in_the_same_second_does_not() -> None:
    limit = Limit(50)
    once = rate.backed_off(rate.fresh(NOW, limit), now_us=NOW, limit=limit)
    assert once.rate_per_second == 25
    assert rate.backed_off(once, now_us=NOW + SECOND // 2, limit=limit) == once
    assert rate.backed_off(once, now_us=NOW + SECOND, limit=limit).rate_per_second == 12.5


def test_the_rate_never_falls_below_its_floor() -> None:
    limit, now_us = Limit(50, floor_per_second=2), NOW
    state = rate.fresh(NOW, limit)
    for _ in range(20):
        now_us += SECOND
        state = rate.backed_off(state, now_us=now_us, limit=limit)
    assert state.rate_per_second == 2


def test_a_rate_below_the_floor_is_not_raised_by_a_429() -> None:
    limit = Limit(0.5)
    assert rate.backed_off(rate.fresh(NOW, limit), now_us=NOW, limit=limit).rate_per_second == 0.5


def test_the_rate_climbs_back_by_a_step_a_second_and_stops_at_the_limit() -> None:
    limit = Limit(50, climb_per_second=2)
    low = RateState(arrival_us=NOW, rate_per_second=25, changed_us=NOW, lowered_us=NOW)
    assert rate.climbed(low, now_us=NOW + SECOND - 1, limit=limit) == low
    assert rate.climbed(low, now_us=NOW + 3 * SECOND, limit=limit).rate_per_second == 31
    assert rate.climbed(low, now_us=NOW + 60 * SECOND, limit=limit).rate_per_second == 50


def test_a_rate_that_was_climbing_still_falls_on_a_429() -> None:
    limit = Limit(50)
    low = rate.backed_off(rate.fresh(NOW, limit), now_us=NOW, limit=limit)
    climbing = rate.climbed(low, now_us=NOW + 2 * SECOND, limit=limit)
    assert rate.backed_off(climbing, now_us=NOW + 2 * SECOND, limit=limit).rate_per_second == 13.5


def test_a_limit_that_was_lowered_by_a_deployment_holds_at_once() -> None:
    state = rate.fresh(NOW, Limit(50))
    assert rate.climbed(state, now_us=NOW, limit=Limit(20)).rate_per_second == 20


@pytest.mark.parametrize(("per_second", "gap_us"), [(50, 20_000), (49, 20_409), (3, 333_334)])
def test_the_gap_between_two_slots_is_rounded_up(per_second: float, gap_us: int) -> None:
    assert rate.gap_us(per_second) == gap_us
