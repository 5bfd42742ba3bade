"""A state that timed out and is tried again: the jobs of the first try are stopped before the second's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice.errors import UnclearError
from sluice.tasks.model import TaskState
from sluice.tasks.submission import MAX_SUSPECTS
from tests.functional.test_reconciler import reconcile, state, with_intent
from tests.support.builders import World, ended, job
from tests.support.fakes import FakeActivities, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Ordered(FakeBatch):
    """Keeps the order of what was asked of it."""

    def __post_init__(self) -> None:
        self.asked: list[str] = []

    def submit_job(self, request: Mapping[str, Any]) -> str:
        job_id = super().submit_job(request)
        self.asked.append(f"submit {job_id}")
        return job_id

    def end_job(self, job_id: str, reason: str) -> None:
        super().end_job(job_id, reason)
        self.asked.append(f"stop {job_id}")


def ordered_world(**more: Any) -> tuple[World, Ordered]:
    world = World(**more)
    batch = Ordered(clock=world.clock)
    world.batch = batch
    return world, batch


@pytest.mark.parametrize("memory", [{}, {"parameters": {"try": "2"}}], ids=["same jobs", "other jobs"])
def test_a_new_try_stops_the_jobs_of_the_one_before_first(memory: dict[str, Any]) -> None:
    world, batch = ordered_world()
    world.take("first", job("align"), job("impute", "align"))
    world.activities.gone.add("first")
    world.take("second", job("align", **memory), job("impute", "align"))
    assert batch.asked == [
        "submit job-0",
        "submit job-1",
        "stop job-0",
        "stop job-1",
        "submit job-2",
        "submit job-3",
    ]
    assert (state(world, "first"), state(world, "second")) == (TaskState.ABANDONED, TaskState.OPEN)
    assert world.store.closed_at.keys() == {"first"}


def test_the_other_items_of_a_map_go_on() -> None:
    world, batch = ordered_world()
    for index in range(5):
        world.take(f"item-{index}", job("align", parameters={"sample": str(index)}))
    assert batch.terminated == []
    assert all(state(world, f"item-{index}") is TaskState.OPEN for index in range(5))


def test_the_earlier_try_of_a_maps_item_is_found_among_many_by_what_it_asks_for() -> None:
    world, batch = ordered_world()
    for index in range(30):
        world.take(f"item-{index}", job("align", parameters={"sample": str(index)}))
    world.activities.gone.add("item-17")
    world.activities.heartbeats.clear()
    world.take("again", job("align", parameters={"sample": "17"}))
    assert batch.terminated == ["job-17"]
    assert len(world.activities.heartbeats) < MAX_SUSPECTS


def test_another_state_and_another_execution_are_not_asked_about() -> None:
    world, batch = ordered_world()
    world.take("state", job("align"), stateName="Other")
    world.take("execution", job("align"), executionArn="arn:aws:states:us-east-1:1:execution:w:2")
    world.activities.gone |= {"state", "execution"}
    world.take("new", job("align"))
    assert (batch.terminated, world.activities.heartbeats) == ([], [])


def test_a_try_whose_poller_died_is_preceded_by_the_end_of_the_one_before_too() -> None:
    world, batch = ordered_world()
    world.take("first", job("align"))
    world.activities.gone.add("first")
    with_intent(world, "second", job("align"))
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.records["second"].jobs["align"].job_id == "job-1"
    assert set(batch.terminated) == {"job-0"}


def test_an_earlier_try_that_was_told_and_not_closed_is_closed_as_what_it_was() -> None:
    world, _ = ordered_world()
    world.take("first", job("align"))
    world.store.note_job("first", ended("align", "job-0"))
    world.activities.gone.add("first")
    world.take("second", job("align"))
    assert state(world, "first") is TaskState.SUCCEEDED


def test_a_heartbeat_that_fails_does_not_keep_the_new_try_back() -> None:
    @dataclass
    class Silent(FakeActivities):
        def heartbeat(self, token: str) -> None:
            raise UnclearError(f"no answer for {token}")

    world, batch = ordered_world(activities=Silent())
    world.take("first", job("align"))
    world.take("second", job("align"))
    assert len(batch.jobs) == 2
    assert state(world, "first") is TaskState.OPEN
    assert [str(error) for _, error in world.telemetry.left] == ["no answer for first"]
