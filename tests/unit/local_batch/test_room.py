"""What a job needs to be placed: slots, vCPUs of compute environments, launches of Fargate."""

from __future__ import annotations

from typing import Any

import pytest

from sluice_local.batch.capacity.room import Lack, Room
from sluice_local.quotas import FARGATE_LAUNCHES, Quota
from tests.unit.local_batch.building import a_job


def environment(name: str, kind: str = "FARGATE_SPOT", most: int = 1000) -> dict[str, Any]:
    return {"computeEnvironmentArn": name, "computeResources": {"type": kind, "maxvCpus": most}}


def job(number: int, vcpus: str = "1") -> Any:
    needs = [{"type": "VCPU", "value": vcpus}]
    return a_job(f"job-{number}", containerOverrides={"resourceRequirements": needs})


def launched(room: Room, where: dict[str, Any], jobs: range, now: float) -> int:
    """How many jobs, one after another, are placed at one moment."""
    return sum(room.take(job(number), [where], now) is not None for number in jobs)


def test_fargate_starts_a_hundred_tasks_at_once_and_twenty_a_second_from_then_on() -> None:
    room = Room(10_000, FARGATE_LAUNCHES)
    assert launched(room, environment("spot"), range(500), now=0.0) == 100
    assert launched(room, environment("spot"), range(500, 1000), now=1.0) == 20
    assert launched(room, environment("spot"), range(1000, 1500), now=1000.0) == 100


def test_spot_and_on_demand_have_a_bucket_each_and_ec2_has_none() -> None:
    room = Room(10_000, Quota(5, 1))
    kinds = ("FARGATE_SPOT", "FARGATE", "EC2", "")
    counts = [
        launched(room, environment(kind, kind), range(100 * n, 100 * n + 9), 0.0)
        for n, kind in enumerate(kinds)
    ]
    assert counts == [5, 5, 9, 9]


def test_each_compute_environment_on_ec2_has_a_bucket_of_dispatches_and_fargate_has_none() -> None:
    room = Room(10_000, dispatches=Quota(5, 2))
    where = [environment(name, kind) for name, kind in (("a", "EC2"), ("b", "SPOT"), ("c", "FARGATE"))]
    counts = [launched(room, each, range(100 * n, 100 * n + 9), 0.0) for n, each in enumerate(where)]
    assert counts == [5, 5, 9]
    assert room.seconds_until_launch(0.0) == pytest.approx(0.5)
    assert launched(room, where[0], range(500, 509), now=1.0) == 2
    assert room.seconds_until_launch(1.0) == pytest.approx(0.5)
    room.end_look()
    assert set(room.lacks) == {Lack.DISPATCHES}


def test_it_says_when_the_next_task_can_start_once_for_each_job_that_waits() -> None:
    room = Room(100, Quota(1, 4))
    launched(room, environment("spot"), range(2), now=10.0)
    assert room.seconds_until_launch(10.0) == pytest.approx(0.25)
    assert room.seconds_until_launch(10.0) is None


def test_an_environment_runs_jobs_up_to_its_vcpus_and_the_next_one_what_is_beyond() -> None:
    room, order = Room(100), [environment("spot", most=3), environment("on-demand", "FARGATE", most=2)]
    taken = [room.take(job(number, vcpus="2"), order, 0.0) for number in range(3)]
    assert [each and each["computeEnvironmentArn"] for each in taken] == ["spot", "on-demand", None]
    room.give_back("job-0")
    assert room.take(job(3, vcpus="2"), order, 0.0) is order[0]


def test_slots_are_held_until_they_are_given_back() -> None:
    room = Room(1)
    assert room.has_slots()
    room.take(job(1), [environment("spot")], 0.0)
    assert not room.has_slots()
    room.give_back("job-1")
    assert room.has_slots()


def test_what_lacks_is_what_the_last_look_that_placed_nothing_has_found() -> None:
    room, order = Room(2, Quota(1, 1)), [environment("spot", most=1)]
    room.take(job(1), order, 0.0)
    room.take(job(2), order, 0.0)
    assert room.lacks == []
    room.end_look()
    assert room.lacks == [Lack.VCPUS]
    room.give_back("job-1")
    room.take(job(2), order, 0.5)
    room.end_look()
    assert room.lacks == [Lack.LAUNCHES]
    room.end_look()
    assert room.lacks == []
