"""How long large cohorts take with and without arrays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scale.arrays import ROOMS, makespan_table, makespans, played
from sluice_cli.plan.estimate import HAND_OVER_SECONDS, WAKE_SECONDS, Cohort
from sluice_cli.plan.walls import Room, times

SIZES, MINUTES = (1_500, 20_000), (5, 60)


def test_every_size_and_length_is_there_for_every_room() -> None:
    found = makespans(SIZES, MINUTES)
    assert len(found) == len(SIZES) * len(MINUTES) * len(ROOMS)
    assert makespan_table(found).row_count == len(SIZES) * len(MINUTES)


def test_arrays_shorten_what_the_quota_holds_back_and_nothing_else() -> None:
    seconds = {(each.samples, each.minutes, each.room): each.seconds for each in makespans(SIZES, MINUTES)}
    assert seconds[20_000, 5, "EC2, arrays"] < seconds[20_000, 5, "EC2, singly"] / 1.3
    assert seconds[1_500, 60, "EC2, arrays"] == pytest.approx(seconds[1_500, 60, "EC2, singly"], rel=0.01)
    assert all(
        seconds[samples, minutes, "Fargate"] >= seconds[samples, minutes, "EC2, singly"]
        for samples in SIZES
        for minutes in MINUTES
    )


def test_a_schedule_of_three_samples_can_be_followed_by_hand() -> None:
    room = Room(rate_per_second=1, starts_per_second=1000, open_tasks=2)
    # slots at 0 and 1, the third sample waits for the first one's place
    assert played(Cohort(3, 1, 10, 10), room) == pytest.approx(WAKE_SECONDS + 20)
    assert played(Cohort(2, 2, 10, 10), room) == pytest.approx(WAKE_SECONDS + 1 + 20 + HAND_OVER_SECONDS)
    fargate = Room(1000, starts_per_second=1000, launches_per_second=2, launches_at_once=1)
    assert played(Cohort(5, 1, 10, 10), fargate) == pytest.approx(WAKE_SECONDS + 10 + 4 / 2, abs=0.01)


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize(("samples", "minutes"), [(1_500, 1), (1_500, 20), (100_000, 1), (100_000, 5)])
def test_the_closed_forms_are_within_a_tenth_where_one_wall_decides(
    name: str, samples: int, minutes: float
) -> None:
    cohort, room = Cohort(samples // 50, 3, minutes * 60, minutes * 60), at_a_fiftieth(ROOMS[name])
    assert times(cohort, room).all_done == pytest.approx(played(cohort, room), rel=0.1)


def test_with_arrays_the_next_wall_is_named() -> None:
    cohorts = {minutes: Cohort(20_000, 3, minutes * 60, minutes * 60) for minutes in (1, 5, 20)}
    by_wall = {
        minutes: times(each, at_a_fiftieth(ROOMS["EC2, arrays"])).by_wall for minutes, each in cohorts.items()
    }
    named = {minutes: max(walls, key=lambda wall: walls[wall]) for minutes, walls in by_wall.items()}
    starts, open_tasks = "Step Functions' StartExecution", "open tasks, for their heartbeats"
    assert named == {1: starts, 5: open_tasks, 20: open_tasks}


def at_a_fiftieth(room: Room) -> Room:
    """All that AWS gives, a fiftieth of it: a fiftieth of the samples takes as long."""
    launches = room.launches_per_second
    return replace(
        room,
        rate_per_second=room.rate_per_second / 50,
        launches_per_second=None if launches is None else launches / 50,
        launches_at_once=room.launches_at_once / 50,
        starts_per_second=room.starts_per_second / 50,
        open_tasks=room.open_tasks // 50,
    )
