"""Two owners of one task who do not know of each other: one job stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from sluice.errors import ThrottledError, UnclearError
from sluice.rate.gcra import Limit
from sluice.tasks.model import FAILED, SUCCEEDED, JobRecord, TaskState
from sluice.tasks.submission import choose
from tests.functional.test_reconciler import reconcile, with_intent
from tests.support.builders import EXECUTION, World, job
from tests.support.fakes import FakeBatch, FakeClock, MemoryRateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sluice.rate.gcra import Reservation


class HeldUp(FakeClock):
    """The thread's next sleep lasts longer than it should; `meanwhile` others are at work."""

    seconds = 0
    meanwhile: Callable[[], None] | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            super().sleep(self.seconds)
            act()


def anothers(world: World) -> None:
    """A reconciler claims the task."""
    (task,) = world.store.due_tasks(world.clock.now_ms())
    assert world.store.claim(task, world.clock.now_ms())


@dataclass
class Throttling(FakeBatch):
    """The first SubmitJob is throttled, and then `then` happens."""

    then: Callable[[], None] = lambda: None

    def submit_job(self, request: Mapping[str, Any]) -> str:
        if not self.calls["Throttled"]:
            self.calls["Throttled"] += 1
            self.then()
            raise ThrottledError("429")
        return super().submit_job(request)


def test_a_poller_that_waited_for_long_submits_nothing_for_a_task_that_is_anothers_by_now() -> None:
    world = World()
    world.batch = Throttling(clock=world.clock, then=lambda: hold_up(world))
    world.take("token", job("align"))
    assert world.batch.jobs == {}
    assert world.store.records["token"].state is TaskState.OPEN


def hold_up(world: World) -> None:
    """It takes Batch half a minute to say so, and meanwhile the task is another's."""
    world.clock.sleep(30)
    anothers(world)


def test_a_workflow_that_was_stopped_while_a_slot_was_waited_for_gets_no_job() -> None:
    world = World()

    def stop() -> None:
        world.clock.sleep(30)
        world.abandon(world.store.of_execution(EXECUTION)[0])

    world.batch = Throttling(clock=world.clock, then=stop)
    world.take("token", job("align"))
    assert world.batch.jobs == {}


def test_a_slow_but_rightful_owner_goes_on() -> None:
    world = World(limit=Limit(0.1, burst=1))
    world.take("token", *[job(f"job{index}") for index in range(12)])
    assert len(world.batch.jobs) == 12


def test_a_poller_that_stood_still_submits_nothing_for_a_task_that_is_anothers_by_now() -> None:
    clock = HeldUp()
    world = World(clock=clock, limit=Limit(1, burst=50))
    # the burst is used up, so that the thread sleeps until its slot, and the machine stands still meanwhile
    for _ in range(25):
        assert world.submitter.submit_limiter.wait()
    clock.seconds, clock.meanwhile = 40, lambda: anothers(world)
    world.take("token", job("align"))
    assert clock.meanwhile is None
    assert world.batch.jobs == {}


def test_whoever_submitted_a_job_that_has_an_id_already_stops_its_own() -> None:
    class Doubled(FakeBatch):
        """While the call is under way, somebody else submits the job and notes it."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            job_id = super().submit_job(request)
            if len(self.jobs) == 1:
                others = super().submit_job(request)
                world.store.record_submitted("token", {"align": others})
            return job_id

    world = World()
    world.batch = Doubled(clock=world.clock)
    world.take("token", job("align"), job("impute", "align"))
    assert world.store.records["token"].jobs["align"].job_id == "job-1"
    assert world.batch.terminated == ["job-0"]
    assert world.telemetry.drain()["JobsDoubled"] == 1


def test_copies_that_are_found_by_name_are_stopped() -> None:
    world = World()
    world.take("token", job("align"))
    del world.store.records["token"]
    with_intent(world, "token", job("align"))
    world.batch.jobs["copy"] = {**world.batch.jobs["job-0"], "jobId": "copy"}
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"
    assert world.batch.terminated == ["copy"]
    assert len(world.batch.jobs) == 2


@dataclass
class SlowOnce(MemoryRateStore):
    """The first slot of TerminateJob is told of after most of a minute."""

    clock: FakeClock = field(default_factory=FakeClock)

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        if api == "TerminateJob" and api not in self.states:
            self.clock.sleep(40)
        return super().reserve(api, slots, limit=limit, now_us=now_us, until_us=until_us)


def test_a_copy_is_stopped_though_its_finder_stood_still_meanwhile() -> None:
    world = World()
    world.rates = SlowOnce(clock=world.clock)
    world.finder.stop_copies([JobRecord("align", "copy")])
    assert world.batch.terminated == ["copy"]


def test_a_copy_whose_stopping_failed_is_stopped_again_and_the_others_only_once() -> None:
    class Failing(FakeBatch):
        def end_job(self, job_id: str, reason: str) -> None:
            super().end_job(job_id, reason)
            if self.terminated.count(job_id) == 1 and job_id == "copy":
                raise UnclearError("500")

    world = World()
    world.batch = Failing(clock=world.clock)
    world.finder.stop_copies([JobRecord("align", "copy"), JobRecord("align", "other")])
    assert world.batch.terminated == ["copy", "other", "copy"]


@pytest.mark.parametrize(
    ("found", "kept", "copies"),
    [
        ([], None, []),
        ([("a", "RUNNING", 2), ("b", "RUNNING", 1)], "b", ["a"]),
        ([("a", FAILED, 1), ("b", "RUNNABLE", 2)], "b", []),
        ([("a", FAILED, 1), ("b", FAILED, 2)], "a", []),
        ([("a", SUCCEEDED, 2), ("b", None, None), ("c", FAILED, 1)], "b", []),
    ],
)
def test_the_oldest_job_of_a_name_that_has_not_failed_is_the_tasks(
    found: list[tuple[str, str | None, int | None]], kept: str | None, copies: list[str]
) -> None:
    records = [JobRecord("align", job_id, status, created_at=at) for job_id, status, at in found]
    ours, surplus = choose(records)
    assert (ours and ours.job_id) == kept
    assert [each.job_id for each in surplus] == copies
