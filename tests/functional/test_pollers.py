from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.tasks.model import task_key
from tests.support.builders import World, job, task_text
from tests.support.fakes import (
    FakeActivities,
    FakeBatch,
    FakeClock,
    FakeExecutions,
    MemoryPollerSlots,
    MemoryTaskStore,
)
from tests.unit.sluice.runtime.test_settings import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

from sluice.errors import DeniedError, RejectedError, ThrottledError, UnclearError
from sluice.pollers.chain import (
    TAKEN_SECONDS,
    Chain,
    Wanted,
    empty_rounds_allowed,
    execution_name,
    poller_input,
    wanted_pollers,
)
from sluice.pollers.hand import Crew, seconds_left, share
from sluice.pollers.pool import Outcome, Round, plan_round
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
    assert world.pool.run(Crew(threads, threads), LONG).tasks == 50
    assert len(world.batch.jobs) == 50
    assert world.pool.run(Crew(threads, threads), LONG).tasks == 0


def test_a_bad_task_does_not_hold_up_the_others() -> None:
    world = World()
    texts = ["nonsense", task_text(job("align")), task_text(job("align", jobQueue="no-such-queue"))]
    for index, text in enumerate(texts):
        world.activities.queue.append(ActivityTask(f"token-{index}", text))
    assert world.pool.run(Crew(2, 2), LONG).tasks == 3
    assert len(world.batch.jobs) == 1
    assert set(world.activities.outcomes) == {"token-0", "token-2"}


def test_a_task_that_a_fault_interrupts_is_left_and_told_of_without_its_token() -> None:
    @dataclass
    class Broken(FakeActivities):
        def complete(self, token: str, outcome: object) -> None:  # noqa: ARG002 - the port's signature
            raise RejectedError("AccessDenied")

    world = World(activities=Broken())
    world.activities.queue.append(ActivityTask("token", "nonsense"))
    assert world.pool.run(Crew(1, 1), LONG).tasks == 1
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
    assert replace(world.pool, queue=flaky).run(Crew(1, 1), LONG).tasks == 1
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
    assert wanted_pollers(three, {"Records": []}, bool) == Wanted(range(3), probe=False)
    assert wanted_pollers(three, {}, bool) == Wanted(range(1), probe=True)


def test_pollers_that_are_always_on_are_all_started_by_the_schedule() -> None:
    always_on = settings(POLLER_COUNT="2", ALWAYS_ON="true")
    assert wanted_pollers(always_on, {}, bool) == Wanted(range(2), probe=False)


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
            if request["parameters"]["taskKey"] == task_key("big"):
                assert late_submitted.wait(10)
            else:
                late_submitted.set()
            return super().submit_job(request)

    second_poll, late_submitted = threading.Event(), threading.Event()
    world = World(activities=Late())
    world.batch = Slow(clock=world.clock)
    world.activities.queue.append(ActivityTask("big", task_text(job("align"))))
    assert world.pool.run(Crew(2, 2), LONG).tasks == 2


def queued(world: World, number: int, jobs: int = 1) -> None:
    """Lets tasks wait in the Activity."""
    text = task_text(*[job(f"job{index}") for index in range(jobs)])
    world.activities.queue.extend(ActivityTask(f"token-{index}", text) for index in range(number))


def test_polls_stay_open_while_every_submitting_thread_is_busy() -> None:
    """A task of many jobs, or a slow Batch, must not keep other tasks' tokens in the Activity."""

    class Slow(FakeBatch):
        """Answers when as many tasks are held as may be."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            assert all_held.wait(10)
            return super().submit_job(request)

    @dataclass
    class Store(MemoryTaskStore):
        """Notes when the last of the tasks that may be held is there."""

        def put_intent(self, *arguments: Any) -> bool:
            written = super().put_intent(*arguments)
            if len(self.records) == 4:
                all_held.set()
            return written

    all_held = threading.Event()
    world = World(store=Store())
    world.batch = Slow(clock=world.clock)
    queued(world, 20)
    assert world.pool.run(Crew(polls=10, threads=2), LONG).tasks == 20
    assert len(world.batch.jobs) == 20


def test_of_a_poller_that_is_killed_every_task_that_it_holds_has_its_intent() -> None:
    class Killed(FakeBatch):
        """Ends the function at the first SubmitJob; what was begun by then is nobody's."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            raise SystemExit(f"killed at {request['jobName']}")

    world = World()
    world.batch = Killed(clock=world.clock)
    queued(world, 40)
    with pytest.raises(SystemExit):
        world.pool.run(Crew(polls=10, threads=1), LONG)
    taken = 40 - len(world.activities.queue)
    assert taken
    assert len(world.store.records) == taken


def test_a_poll_of_which_nobody_knows_what_became_makes_no_empty_round() -> None:
    assert Outcome(0).is_empty
    assert not Outcome(0, failed_polls=1).is_empty
    assert not Outcome(1).is_empty


@pytest.mark.parametrize("error", [DeniedError("AccessDenied"), RuntimeError("a bug")])
def test_an_error_that_nobody_expects_ends_the_round_for_all(error: Exception) -> None:
    @dataclass
    class Denied(FakeActivities):
        def next_task(self) -> ActivityTask | None:
            raise error

    world = World(activities=Denied())
    with pytest.raises(type(error)):
        world.pool.run(Crew(polls=8, threads=4), LONG)


def test_pollers_share_out_their_polls_and_threads() -> None:
    for total, pollers in ((100, 1), (100, 3), (500, 5), (32, 5)):
        assert sum(share(total, pollers, slot) for slot in range(pollers)) == total
    assert share(1, 5, slot=4) == 1


@pytest.mark.parametrize(
    ("now_us", "seconds"),
    [
        (0, 120),  # half of the time that a task is its poller's
        (700_000_000, 90),
        (779_000_000, 11),
        (780_000_000, 0),
    ],
)
def test_a_task_that_comes_late_has_less_time_to_be_submitted(now_us: int, seconds: float) -> None:
    planned = plan_round(0, remaining_seconds=900, round_seconds=780)
    left = seconds_left(
        now_us,
        poll_until_us=planned.poll_until_us,
        submit_until_us=planned.submit_until_us,
        hold_seconds=120,
    )
    assert left == pytest.approx(seconds)
