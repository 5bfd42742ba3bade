from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.builders import World, job, task_text
from tests.support.fakes import FakeActivities, FakeBatch, FakeClock, FakeExecutions, MemoryPollerSlots
from tests.unit.sluice.runtime.test_settings import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

from sluice.errors import RejectedError, ThrottledError, UnclearError
from sluice.pollers.chain import (
    TAKEN_SECONDS,
    Chain,
    Wanted,
    empty_rounds_allowed,
    execution_name,
    poller_input,
    wanted_pollers,
)
from sluice.pollers.pool import PollerPool, Round, plan_round
from sluice.runtime.settings import Settings, read_settings
from sluice.tasks.model import ActivityTask

LONG = Round(poll_until_us=2**62, submit_until_us=2**62)


def settings(**changes: str) -> Settings:
    return read_settings({**GOOD, **changes})


@pytest.mark.parametrize("threads", [1, 8])
def test_a_round_takes_all_there_is_and_ends_when_nothing_is_left(threads: int) -> None:
    world = World()
    for index in range(50):
        world.activities.queue.append(ActivityTask(f"token-{index}", task_text(job("align"))))
    assert world.pool.run(threads, LONG) == 50
    assert len(world.batch.jobs) == 50
    assert world.pool.run(threads, LONG) == 0


def test_a_bad_task_does_not_hold_up_the_others() -> None:
    world = World()
    texts = ["nonsense", task_text(job("align")), task_text(job("align", jobQueue="no-such-queue"))]
    for index, text in enumerate(texts):
        world.activities.queue.append(ActivityTask(f"token-{index}", text))
    assert world.pool.run(2, LONG) == 3
    assert len(world.batch.jobs) == 1
    assert set(world.activities.outcomes) == {"token-0", "token-2"}


def test_a_task_that_a_fault_interrupts_is_left_and_told_of_without_its_token() -> None:
    @dataclass
    class Broken(FakeActivities):
        def complete(self, token: str, outcome: object) -> None:  # noqa: ARG002 - the port's signature
            raise RejectedError("AccessDenied")

    world = World(activities=Broken())
    world.activities.queue.append(ActivityTask("token", "nonsense"))
    assert world.pool.run(1, LONG) == 1
    assert [str(error) for _, error in world.telemetry.left] == ["AccessDenied"]


@pytest.mark.parametrize("error", [UnclearError("timeout"), ThrottledError("429")])
def test_a_long_poll_that_failed_is_told_of_and_tried_again(error: Exception) -> None:
    @dataclass
    class Flaky(FakeActivities):
        failed: bool = False

        def next_task(self) -> ActivityTask | None:
            if not self.failed:
                self.failed = True
                raise error
            return super().next_task()

    world = World()
    flaky = Flaky()
    flaky.queue.append(ActivityTask("token", task_text(job("align"))))
    assert PollerPool(flaky, world.submitter, world.clock, world.telemetry).run(1, LONG) == 1
    assert len(world.telemetry.failed_polls) == 1


def test_the_last_long_poll_ends_before_the_function_does() -> None:
    planned = plan_round(0, remaining_seconds=900, round_seconds=780)
    assert planned.poll_until_us == 780_000_000
    assert plan_round(0, remaining_seconds=300, round_seconds=780).poll_until_us == 180_000_000
    assert plan_round(0, remaining_seconds=60, round_seconds=780).poll_until_us < 0
    assert planned.submit_until_us == 855_000_000


def test_a_slot_without_a_poller_gets_one() -> None:
    executions = FakeExecutions()
    chain = Chain(MemoryPollerSlots(), executions, FakeClock())
    assert chain.ensure(0, probe=False)
    assert executions.started == {"slot-0-0": poller_input(0, 0, probe=False)}
    assert not chain.ensure(0, probe=False)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_ended_chain_is_continued_with_the_next_number(status: str) -> None:
    executions = FakeExecutions({"slot-0-0": "SUCCEEDED", "slot-0-1": status})
    slots = MemoryPollerSlots()
    assert Chain(slots, executions, FakeClock()).ensure(0, probe=True)
    assert executions.statuses["slot-0-2"] == "RUNNING"
    assert slots.numbers == {0: 2}


def test_a_chain_that_went_on_by_itself_is_followed_and_not_doubled() -> None:
    executions = FakeExecutions({"slot-0-0": "SUCCEEDED", "slot-0-1": "SUCCEEDED", "slot-0-2": "RUNNING"})
    slots = MemoryPollerSlots()
    assert not Chain(slots, executions, FakeClock()).ensure(0, probe=False)
    assert executions.started == {}
    assert slots.numbers == {0: 2}


def test_of_two_that_find_the_chain_ended_one_starts_it() -> None:
    class Late(FakeExecutions):
        """Somebody else starts the execution between the look and the start."""

        def status(self, name: str) -> str | None:
            found = super().status(name)
            if found is None:
                self.statuses[name] = "RUNNING"
            return found

    late = Late({"slot-0-0": "SUCCEEDED"})
    assert not Chain(MemoryPollerSlots(), late, FakeClock()).ensure(0, probe=False)
    assert late.started == {}


@pytest.mark.parametrize("links", [1000, 1023, 1024, 1025])
@pytest.mark.parametrize("last", ["RUNNING", "SUCCEEDED"])
def test_a_slot_whose_number_is_lost_finds_the_end_of_its_chain_in_few_looks(links: int, last: str) -> None:
    statuses = {execution_name(0, number): "SUCCEEDED" for number in range(links)}
    executions = FakeExecutions({**statuses, execution_name(0, links): last})
    slots = MemoryPollerSlots()
    assert Chain(slots, executions, FakeClock()).ensure(0, probe=False) is (last == "SUCCEEDED")
    assert list(executions.started) == ([f"slot-0-{links + 1}"] if last == "SUCCEEDED" else [])
    assert slots.numbers == {0: links + 1 if last == "SUCCEEDED" else links}
    assert len(executions.looks) <= 24


def older_stack(links: int) -> FakeExecutions:
    """Names that an older stack of the same name used: they are taken, and nobody can describe them."""
    return FakeExecutions(forgotten={execution_name(0, number) for number in range(links)})


@pytest.mark.parametrize("links", [1, 2, 700])
def test_names_of_an_older_stack_are_passed_over_after_a_while(links: int) -> None:
    executions, slots, clock = older_stack(links), MemoryPollerSlots(), FakeClock()
    chain = Chain(slots, executions, clock)
    assert not chain.ensure(0, probe=False)
    clock.sleep(TAKEN_SECONDS - 1)
    assert not chain.ensure(0, probe=False)
    clock.sleep(1)
    assert chain.ensure(0, probe=False)
    (started,) = executions.started
    assert slots.numbers == {0: int(started.rsplit("-", 1)[1])}
    assert len(executions.looks) < 40
    clock.sleep(TAKEN_SECONDS)
    assert not chain.ensure(0, probe=False)


def test_an_execution_that_cannot_be_described_yet_is_not_passed_over() -> None:
    """Somebody started it just now, and DescribeExecution does not know of it for some seconds."""
    executions, slots, clock = FakeExecutions({"slot-0-0": "SUCCEEDED"}), MemoryPollerSlots(), FakeClock()
    executions.forgotten = {"slot-0-1"}
    chain = Chain(slots, executions, clock)
    assert not chain.ensure(0, probe=False)
    clock.sleep(5)
    executions.forgotten, executions.statuses["slot-0-1"] = set(), "RUNNING"
    assert not chain.ensure(0, probe=False)
    executions.statuses["slot-0-1"] = "SUCCEEDED"
    executions.forgotten = {"slot-0-2"}
    clock.sleep(TAKEN_SECONDS)
    assert not chain.ensure(0, probe=False), "what is known of slot-0-1 does not hold for slot-0-2"
    assert executions.started == {}


def test_who_finds_names_passed_over_by_one_that_died_goes_on_from_its_execution() -> None:
    executions, slots, clock = older_stack(3), MemoryPollerSlots(), FakeClock()
    chain = Chain(slots, executions, clock)
    chain.ensure(0, probe=False)
    seen = slots.read(0)
    clock.sleep(TAKEN_SECONDS)
    chain.ensure(0, probe=False)
    slots.slots[0] = seen  # the one that started it remembered nothing
    assert not chain.ensure(0, probe=True)
    assert executions.started.keys() == {"slot-0-3"}
    slots.slots[0] = seen
    executions.statuses |= {"slot-0-3": "SUCCEEDED", "slot-0-4": "FAILED"}
    assert chain.ensure(0, probe=True)
    assert executions.started.keys() == {"slot-0-3", "slot-0-5"}


def test_work_wakes_all_pollers_and_the_schedule_one_probe() -> None:
    three = settings(POLLER_COUNT="3")
    assert wanted_pollers(three, woken=True) == Wanted(range(3), probe=False)
    assert wanted_pollers(three, woken=False) == Wanted(range(1), probe=True)


def test_pollers_that_are_always_on_are_all_started_by_the_schedule() -> None:
    always_on = settings(POLLER_COUNT="2", ALWAYS_ON="true")
    assert wanted_pollers(always_on, woken=False) == Wanted(range(2), probe=False)


@pytest.mark.parametrize(
    ("changes", "slot", "probe", "allowed"),
    [
        ({}, 0, False, 3),
        ({}, 0, True, 1),
        ({"ALWAYS_ON": "true"}, 0, True, None),
        ({"POLLER_COUNT": "2"}, 1, False, 3),
        ({"POLLER_COUNT": "2", "ALWAYS_ON": "true"}, 2, False, 0),
    ],
)
def test_a_running_poller_heeds_the_parameters_of_the_latest_deployment(
    changes: dict[str, str], slot: int, probe: bool, allowed: int | None
) -> None:
    assert empty_rounds_allowed(settings(**changes), slot, probe=probe) == allowed


def test_an_empty_poll_ends_no_round_while_another_thread_has_a_task_in_hand() -> None:
    """A task of many jobs keeps one thread busy; the others must stay for the tasks that come meanwhile."""
    late = ActivityTask("late", task_text(job("align")))

    @dataclass
    class Late(FakeActivities):
        """Its first poll is empty; a task comes while the big one is still being submitted."""

        polls: int = 0

        def next_task(self) -> ActivityTask | None:
            self.polls += 1
            if self.polls == 2:
                second_poll.set()
                return None
            if self.polls == 3:
                self.queue.append(late)
            return super().next_task()

    class Slow(FakeBatch):
        """The first submission lasts until the others have polled in vain and then found the late task."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            if request["parameters"]["taskToken"] == "big":
                assert late_submitted.wait(10)
            else:
                late_submitted.set()
            return super().submit_job(request)

    second_poll, late_submitted = threading.Event(), threading.Event()
    world = World(activities=Late())
    world.batch = Slow(clock=world.clock)
    world.activities.queue.append(ActivityTask("big", task_text(job("align"))))
    assert world.pool.run(2, LONG) == 2
