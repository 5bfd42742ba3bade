"""Tasks whose items cannot be written, beside healthy ones, in a run of the reconciler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sluice.errors import ThrottledError
from sluice.tasks.contract import parse_task
from sluice.tasks.reconciliation import plan_run
from tests.support.builders import World, job, task_text
from tests.support.fakes import FakeClock, MemoryTaskStore

if TYPE_CHECKING:
    from sluice.tasks.model import OpenTask, TaskRecord

RETRIES_SECONDS = 6.4
"""What botocore's eight tries of a write take: aws/clients.py."""
SPOILT = [f"spoilt-{number}" for number in range(20)]
HEALTHY = [f"healthy-{number}" for number in range(20)]


@dataclass
class Unwritable(MemoryTaskStore):
    """Refuses claims of spoilt tasks, which takes its time."""

    clock: FakeClock = field(default_factory=FakeClock)

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        if str(task.token).startswith("spoilt"):
            self.clock.sleep(RETRIES_SECONDS)
            raise ThrottledError("Throughput exceeds the current capacity")
        return super().claim(task, now_ms)


@pytest.fixture
def world() -> World:
    """Tasks that were lost after their intent: those that cannot be written came first."""
    clock = FakeClock()
    world = World(clock=clock, store=Unwritable(clock=clock))
    for token in [*SPOILT, *HEALTHY]:
        text = task_text(job("align"))
        world.store.put_intent(parse_task(token, text), text, clock.now_us() // 1000)
    clock.sleep(301)
    world.reconciler.reconcile(plan_run(clock.now_us(), remaining_seconds=300))
    return world


def test_claims_that_fail_hold_up_nobody_s_heartbeat(world: World) -> None:
    assert set(world.activities.heartbeats) == {*SPOILT, *HEALTHY}


def test_who_waited_for_his_claim_is_healed_by_the_same_run(world: World) -> None:
    assert all(world.store.records[token].jobs["align"].job_id for token in HEALTHY)
    assert not any(world.store.records[token].jobs["align"].job_id for token in SPOILT)


def test_who_had_no_claim_is_come_to_by_the_next_run(world: World) -> None:
    world.activities.heartbeats.clear()
    world.clock.sleep(60)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=300))
    assert sorted(world.activities.heartbeats) == sorted(SPOILT)
