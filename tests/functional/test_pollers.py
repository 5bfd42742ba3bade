from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.builders import World, job, task_text
from tests.fakes import FakeActivities, FakeExecutions, MemoryPollerSlots
from tests.unit.sluice.test_settings import GOOD

from sluice.chain import Chain, poller_input, wanted_pollers
from sluice.model import ActivityTask
from sluice.poller_pool import PollerPool, Round, plan_round
from sluice.ports import RejectedError, ThrottledError, UnclearError
from sluice.settings import Settings, read_settings

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
    assert [str(error) for _, error in world.reports.left] == ["AccessDenied"]


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
    assert PollerPool(flaky, world.submitter, world.clock, world.reports).run(1, LONG) == 1
    assert len(world.reports.failed_polls) == 1


def test_the_last_long_poll_ends_before_the_function_does() -> None:
    planned = plan_round(0, remaining_seconds=900, round_seconds=825)
    assert planned.poll_until_us == 825_000_000
    assert plan_round(0, remaining_seconds=300, round_seconds=825).poll_until_us == 225_000_000
    assert plan_round(0, remaining_seconds=60, round_seconds=825).poll_until_us < 0
    assert planned.submit_until_us == 895_000_000


def test_a_slot_without_a_poller_gets_one() -> None:
    executions = FakeExecutions()
    chain = Chain(MemoryPollerSlots(), executions)
    assert chain.ensure(0, max_empty_rounds=3)
    assert executions.started == {"slot-0-0": poller_input(0, 0, 3)}
    assert not chain.ensure(0, max_empty_rounds=3)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_ended_chain_is_continued_with_the_next_number(status: str) -> None:
    executions = FakeExecutions({"slot-0-0": "SUCCEEDED", "slot-0-1": status})
    slots = MemoryPollerSlots()
    assert Chain(slots, executions).ensure(0, max_empty_rounds=1)
    assert executions.statuses["slot-0-2"] == "RUNNING"
    assert slots.numbers == {0: 2}


def test_a_chain_that_went_on_by_itself_is_followed_and_not_doubled() -> None:
    executions = FakeExecutions({"slot-0-0": "SUCCEEDED", "slot-0-1": "SUCCEEDED", "slot-0-2": "RUNNING"})
    slots = MemoryPollerSlots()
    assert not Chain(slots, executions).ensure(0, max_empty_rounds=3)
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
    assert not Chain(MemoryPollerSlots(), late).ensure(0, max_empty_rounds=3)
    assert late.started == {}


def test_work_wakes_all_pollers_and_the_schedule_one_probe() -> None:
    three = settings(POLLER_COUNT="3")
    woken, probe = wanted_pollers(three, woken=True), wanted_pollers(three, woken=False)
    assert (list(woken.slots), woken.max_empty_rounds) == ([0, 1, 2], 3)
    assert (list(probe.slots), probe.max_empty_rounds) == ([0], 1)


def test_pollers_that_are_always_on_never_go_idle() -> None:
    wanted = wanted_pollers(settings(POLLER_COUNT="2", ALWAYS_ON="true"), woken=False)
    assert (list(wanted.slots), wanted.max_empty_rounds) == ([0, 1], 0)
