"""How long large cohorts take with and without arrays."""

from __future__ import annotations

from bench.scale.arrays import MINUTES, ROOMS, SIZES, makespan_table, makespans


def test_every_size_and_length_is_there_for_every_room() -> None:
    found = makespans()
    assert len(found) == len(SIZES) * len(MINUTES) * len(ROOMS)
    assert makespan_table(found).row_count == len(SIZES) * len(MINUTES)


def test_arrays_shorten_what_the_quota_holds_back_and_nothing_else() -> None:
    seconds = {(each.samples, each.minutes, each.room): each.seconds for each in makespans()}
    assert seconds[100_000, 5, "EC2, arrays"] < seconds[100_000, 5, "EC2, singly"] / 3
    assert seconds[1_500, 60, "EC2, arrays"] > seconds[1_500, 60, "EC2, singly"] * 0.95
    assert all(
        seconds[samples, minutes, "Fargate"] >= seconds[samples, minutes, "EC2, singly"]
        for samples in SIZES
        for minutes in MINUTES
    )


def test_with_arrays_the_next_wall_is_named() -> None:
    walls = {
        each.minutes: each.wall
        for each in makespans()
        if (each.samples, each.room) == (1_000_000, "EC2, arrays")
    }
    starts, open_tasks = "Step Functions' StartExecution", "open tasks, for their heartbeats"
    assert walls == {1: starts, 5: open_tasks, 20: open_tasks, 60: open_tasks}
