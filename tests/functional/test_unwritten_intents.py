"""Pollers while the task table takes no intents: tasks that came are kept, and others stay where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sluice.errors import (
    DeniedError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnauthenticatedError,
    UnclearError,
)
from sluice.pollers.hand import Crew
from sluice.pollers.pool import plan_round
from sluice.tasks.contract import parse_task
from sluice.tasks.model import ActivityTask, TaskState, task_key
from tests.support.builders import World, job, task_text
from tests.support.fakes import FakeClock, MemoryTaskStore

if TYPE_CHECKING:
    from sluice.pollers.pool import PollerPool
    from sluice.tasks.model import Task

TASKS = 50
CREW = Crew(polls=8, threads=2)
THROTTLED = ThrottledError("Throughput exceeds the current capacity")
DENIED = DeniedError("not authorized to perform: dynamodb:PutItem")
ANY_S = [
    THROTTLED,
    UnclearError("read timeout"),
    DENIED,
    UnauthenticatedError("The security token is expired"),
]
"""What is no fault of the task's, and passes."""


@dataclass
class Refusing(MemoryTaskStore):
    """Takes no intents for so many seconds."""

    seconds: float = 0
    error: ServiceError = THROTTLED
    clock: FakeClock = field(default_factory=FakeClock)
    closes: bool = True

    def __post_init__(self) -> None:
        self.until_us = self.clock.now_us() + round(self.seconds * 1_000_000)

    def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
        if self.clock.now_us() < self.until_us:
            raise self.error
        return super().put_intent(task, text, now_ms)

    def close(self, key: str, state: TaskState, now_ms: int, *, settle_from_ms: int | None) -> bool:
        if not self.closes:
            raise THROTTLED
        return super().close(key, state, now_ms, settle_from_ms=settle_from_ms)


def full(seconds: float, error: ServiceError = THROTTLED, *, closes: bool = True) -> World:
    """A world whose table takes no intents for so long, and whose Activity has tasks."""
    clock = FakeClock()
    world = World(clock=clock, store=Refusing(seconds=seconds, error=error, clock=clock, closes=closes))
    for index in range(TASKS):
        world.activities.queue.append(ActivityTask(f"token-{index}", task_text(job("align"))))
    return world


def run(world: World, pool: PollerPool | None = None, crew: Crew = CREW) -> int:
    """Runs a round of the pollers; returns how many tasks it took."""
    planned = plan_round(world.clock.now_us(), remaining_seconds=900, round_seconds=60)
    return (pool or world.pool).run(crew, planned).tasks


@pytest.mark.parametrize("error", ANY_S)
def test_tasks_that_came_are_kept_until_the_table_takes_their_intents(error: ServiceError) -> None:
    world = full(50, error)
    assert run(world) == TASKS
    assert len(world.batch.jobs) == TASKS
    assert world.telemetry.left == []
    assert world.telemetry.counter["IntentsRepeated"] >= 50


@pytest.mark.parametrize("error", ANY_S)
def test_no_more_tasks_are_taken_than_polls_were_open_when_the_first_intent_failed(
    error: ServiceError,
) -> None:
    world = full(3600, error)
    taken = run(world)
    assert 1 <= taken <= CREW.polls
    assert len(world.activities.queue) == TASKS - taken
    # each is told of once
    assert len(world.telemetry.left) == taken


def test_the_next_round_of_the_process_takes_one_task_to_see_whether_intents_are_written_again() -> None:
    world = full(900)
    pool = world.pool
    taken = run(world, pool)
    assert run(world, pool) == 1
    world.clock.sleep(900)
    assert run(world, pool) == TASKS - taken - 1
    assert len(world.batch.jobs) == TASKS - taken - 1


def test_a_task_is_kept_no_longer_than_its_heartbeat_allows() -> None:
    world = full(3600)
    began_us = world.clock.now_us()
    assert run(world, crew=Crew(1, 1)) == 1
    assert (world.clock.now_us() - began_us) / 1_000_000 <= world.submitter.window_seconds


def test_a_task_whose_workflow_was_stopped_while_it_was_kept_is_not_submitted() -> None:
    world = full(50)
    world.activities.gone.add("token-0")
    assert run(world, crew=Crew(1, 1)) == TASKS
    assert len(world.batch.jobs) == TASKS - 1
    assert world.store.records["token-0"].state is TaskState.ABANDONED


def test_a_task_that_is_shown_dead_is_not_submitted_even_if_it_cannot_be_closed() -> None:
    world = full(50, closes=False)
    world.activities.gone.add("token-0")
    assert run(world, crew=Crew(1, 1)) == TASKS
    assert len(world.batch.jobs) == TASKS - 1
    assert world.store.records["token-0"].state is TaskState.OPEN
    assert {key for key, _ in world.telemetry.left} == {task_key("token-0")}


def test_an_intent_that_is_refused_for_good_keeps_nobody_from_taking_tasks() -> None:
    world = full(3600, RejectedError("Two attributes of one name", "ItemRefused"))
    assert run(world) == TASKS
    assert len(world.telemetry.left) == TASKS


def test_polls_are_opened_again_once_the_table_knows_an_intent() -> None:
    world = full(0)
    pool = world.pool
    while len(world.activities.queue) > 1:
        world.activities.queue.pop()
    pool.intents.failing = True
    text = task_text(job("align"))
    world.store.put_intent(parse_task("token-0", text), text, world.clock.now_ms())
    assert run(world, pool) == 1
    assert not pool.intents.failing
