"""Tasks whose items cannot be written, beside healthy ones, in a run of the reconciler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sluice.errors import ThrottledError
from sluice.tasks.contract import parse_task
from sluice.tasks.model import TaskState
from sluice.tasks.reconciliation import plan_run
from tests.support.builders import World, job, task_text
from tests.support.fakes import FakeActivities, FakeClock, MemoryTaskStore

if TYPE_CHECKING:
    from sluice.tasks.model import OpenTask, TaskRecord
    from sluice.tasks.reconciler import Reconciler

RETRIES_SECONDS = 6.4
"""What botocore's eight tries of a write take: aws/clients.py."""
SPOILT = [f"spoilt-{number}" for number in range(20)]
HEALTHY = [f"healthy-{number}" for number in range(20)]


@dataclass
class Unwritable(MemoryTaskStore):
    """Refuses claims of spoilt tasks, which takes its time."""

    clock: FakeClock = field(default_factory=FakeClock)
    tried: list[str] = field(default_factory=list)
    is_well: bool = False

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        self.tried.append(str(task.token))
        if str(task.token).startswith("spoilt") and not self.is_well:
            self.clock.sleep(RETRIES_SECONDS)
            raise ThrottledError("Throughput exceeds the current capacity")
        return super().claim(task, now_ms)


@dataclass
class Slow(FakeActivities):
    """Takes seconds for a heartbeat."""

    clock: FakeClock = field(default_factory=FakeClock)

    def heartbeat(self, token: str) -> None:
        self.clock.sleep(3)
        super().heartbeat(token)


def lost(*tokens: str, clock: FakeClock | None = None, activities: FakeActivities | None = None) -> World:
    """Tasks that were lost after their intents, one after the other."""
    clock = clock or FakeClock()
    world = World(clock=clock, store=Unwritable(clock=clock), activities=activities or FakeActivities())
    for token in tokens:
        text = task_text(job("align"))
        world.store.put_intent(parse_task(token, text), text, clock.now_ms())
        clock.sleep(0.01)
    clock.sleep(301)
    return world


def reconcile(reconciler: Reconciler) -> None:
    """Makes a run as the function does."""
    reconciler.reconcile(plan_run(reconciler.clock.now_us(), remaining_seconds=300))


@pytest.fixture
def world() -> World:
    """The state after a run; the tasks that cannot be written came first."""
    world = lost(*SPOILT, *HEALTHY)
    reconcile(world.reconciler)
    return world


def test_claims_that_fail_hold_up_nobody_s_heartbeat(world: World) -> None:
    assert set(world.activities.heartbeats) == {*SPOILT, *HEALTHY}


def test_who_waited_for_his_claim_is_healed_by_the_same_run(world: World) -> None:
    assert all(world.store.records[token].jobs["align"].job_id for token in HEALTHY)
    assert not any(world.store.records[token].jobs["align"].job_id for token in SPOILT)


def test_who_had_no_claim_is_come_to_by_the_next_run(world: World) -> None:
    assert isinstance(world.store, Unwritable)
    world.store.is_well = True
    world.clock.sleep(60)
    reconcile(world.reconciler)
    assert all(world.store.records[token].jobs["align"].job_id for token in SPOILT)


def test_claims_that_failed_are_made_again_after_those_that_may_hold() -> None:
    world = lost(*(token for pair in zip(SPOILT, HEALTHY, strict=True) for token in pair))
    reconciler = world.reconciler
    for _ in range(3):
        reconcile(reconciler)
        world.clock.sleep(60)
    assert all(world.store.records[token].jobs["align"].job_id for token in HEALTHY)


def test_tasks_that_cannot_be_claimed_leave_time_for_others_heartbeats() -> None:
    tokens = [*SPOILT[:15], *HEALTHY[:15]]
    clock = FakeClock()
    # a run has time for fewer heartbeats than there are tasks that cannot be claimed
    world = lost(*tokens, activities=Slow(clock=clock), clock=clock)
    reconciler = world.reconciler
    for _ in range(3):
        reconcile(reconciler)
    assert set(world.activities.heartbeats) == set(tokens)


def test_a_dead_task_that_could_not_be_closed_is_closed_as_soon_as_it_can_be() -> None:
    world = lost(SPOILT[0])
    reconciler = world.reconciler
    world.activities.gone.add(SPOILT[0])
    reconcile(reconciler)
    assert isinstance(world.store, Unwritable)
    world.store.is_well = True
    reconcile(reconciler)
    assert world.store.records[SPOILT[0]].state is TaskState.ABANDONED


def test_each_claim_that_failed_has_its_turn() -> None:
    world = lost(*SPOILT)
    reconciler = world.reconciler
    for _ in range(4):
        reconcile(reconciler)
        world.clock.sleep(60)
    assert isinstance(world.store, Unwritable)
    assert set(world.store.tried) == set(SPOILT)
