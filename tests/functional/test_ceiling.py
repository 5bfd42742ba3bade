"""Pollers take no further task while too many are open, and none of those that wait is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sluice.errors import ServiceError, ThrottledError
from sluice.pollers.ceiling import Ceiling
from sluice.pollers.hand import Crew
from sluice.pollers.pool import Outcome, Round
from sluice.tasks.model import ActivityTask, TaskState
from tests.support.builders import World, job, open_record, task_text
from tests.support.fakes import FakeClock, KeptTelemetry

MOST = 5
THROTTLED = ThrottledError("ProvisionedThroughputExceededException")


@dataclass
class Counts:
    """What one count after the other says; the last is said for ever."""

    said: list[int | ServiceError]
    asked: int = 0

    def __call__(self) -> int:
        self.asked += 1
        now = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(now, ServiceError):
            raise now
        return now


@dataclass
class Held:
    """A ceiling and what it is told."""

    counts: Counts
    most: int = MOST
    clock: FakeClock = field(default_factory=FakeClock)
    telemetry: KeptTelemetry = field(default_factory=KeptTelemetry)

    def __post_init__(self) -> None:
        self.ceiling = Ceiling(self.most, self.counts, self.telemetry, self.clock)
        self.began_us = self.clock.now_us()

    def hold(self, seconds: float = 3600) -> bool:
        until_us = self.clock.now_us() + round(seconds * 1_000_000)
        return self.ceiling.hold(lambda: (until_us - self.clock.now_us()) / 1_000_000)

    @property
    def seconds(self) -> float:
        return (self.clock.now_us() - self.began_us) / 1_000_000


def test_polls_wait_until_there_is_room() -> None:
    held = Held(Counts([MOST, MOST + 2, MOST - 1]))
    assert held.hold()
    assert held.seconds == 20
    assert held.telemetry.counter["MaxOpenTasksReached"] == 2


def test_polls_wait_no_longer_than_their_round() -> None:
    held = Held(Counts([MOST]))
    assert held.hold(seconds=25)
    assert held.seconds == 30
    assert not held.hold(seconds=0)


@pytest.mark.parametrize(("most", "open_tasks", "seconds"), [(75_000, 0, 150), (75_000, 74_999, 10)])
def test_nobody_counts_before_there_can_be_too_many(most: int, open_tasks: int, seconds: float) -> None:
    held = Held(Counts([open_tasks]), most)
    assert not held.hold()
    held.clock.sleep(seconds - 1)
    assert not held.hold()
    assert held.counts.asked == 1
    held.clock.sleep(1)
    assert not held.hold()
    assert held.counts.asked == 2


@pytest.mark.parametrize(("before", "is_held"), [([], False), ([MOST], True)])
def test_a_count_that_fails_changes_nothing(before: list[int], is_held: bool) -> None:
    held = Held(Counts([*before, THROTTLED]))
    assert held.hold(seconds=60) is is_held
    assert held.telemetry.counter["OpenTasksUncounted"] >= 1
    held.counts.said[:] = [0]
    held.clock.sleep(10)
    assert not held.hold()


def full_world() -> World:
    """As many tasks are open as may be, and three more wait in the Activity."""
    world = World(max_open_tasks=MOST)
    for index in range(MOST):
        record = open_record(job("align"), token=f"open-{index}")
        world.store.records[record.task.token] = record
    for index in range(3):
        world.activities.queue.append(ActivityTask(f"token-{index}", task_text(job("align"))))
    return world


def a_minute(world: World) -> Round:
    return Round(poll_until_us=world.in_seconds(60), submit_until_us=world.in_seconds(120))


def test_a_poller_takes_nothing_while_too_many_are_open_and_does_not_rest() -> None:
    world = full_world()
    outcome = world.pool.run(Crew(2, 2), a_minute(world))
    assert outcome == Outcome(0, held_back=True)
    assert not outcome.is_empty
    assert len(world.activities.queue) == 3
    assert not world.batch.jobs


def test_a_task_that_ends_makes_room_in_the_same_round() -> None:
    world = full_world()

    class Ends(FakeClock):
        """A task ends while the pollers wait."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            world.store.close("open-0", TaskState.SUCCEEDED, self.now_ms(), settle_from_ms=None)

    world.clock = Ends()
    outcome = world.pool.run(Crew(1, 1), a_minute(world))
    assert outcome.tasks == 3
    assert not world.activities.queue
    assert len(world.batch.jobs) == 3
