from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice.errors import DeniedError, RejectedError, ThrottledError, UnclearError
from sluice.rate.gcra import Limit
from sluice.tasks.reconciliation import ReconciliationPolicy, Run, plan_run
from sluice.tasks.submission import LOOK_SECONDS
from tests.support.builders import EXECUTION, World, ended, job, task_text
from tests.support.fakes import FakeActivities, FakeBatch, MemoryTaskStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice.tasks.model import JobRecord, OpenTask


from sluice.tasks.contract import parse_task
from sluice.tasks.model import ActivityTask, Failed, TaskState, task_key


def reconcile(world: World) -> int:
    return world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))


def state(world: World, token: str = "token") -> TaskState:
    return world.store.records[token].state


def with_intent(world: World, token: str, *jobs: dict[str, object]) -> None:
    """A task whose poller died right after the intent."""
    text = task_text(*jobs)
    world.store.put_intent(parse_task(token, text), text, world.clock.now_us() // 1000)


def test_young_tasks_are_left_alone_and_batch_is_never_asked() -> None:
    world = World()
    world.take("token", job("align"))
    assert reconcile(world) == 0
    assert world.activities.heartbeats == []
    assert world.batch.calls.keys() == {"SubmitJob"}


def test_a_live_task_gets_a_heartbeat_and_no_describe() -> None:
    world = World()
    world.take("token", job("align"))
    world.clock.sleep(301)
    assert reconcile(world) == 301
    assert world.activities.heartbeats == ["token"]
    assert world.batch.calls["DescribeJobs"] == 0


def test_a_task_that_was_lost_after_its_intent_is_submitted() -> None:
    world = World()
    with_intent(world, "token", job("align"), job("impute", "align"))
    world.clock.sleep(301)
    reconcile(world)
    assert list(world.batch.jobs) == ["job-0", "job-1"]
    assert world.store.records["token"].jobs["impute"].job_id == "job-1"


def test_a_job_whose_id_was_lost_is_found_by_its_name() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"))
    lost = world.store.records.pop("token")
    del world.batch.jobs["job-1"]  # the poller died between the two
    with_intent(world, "token", job("align"), job("impute", "align"))
    assert lost.task == world.store.records["token"].task
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"
    assert len(world.batch.jobs) == 2


def test_an_event_that_never_came_is_made_good() -> None:
    world = World()
    world.take("token", job("align"))
    world.batch.jobs["job-0"] |= {"status": "SUCCEEDED", "stoppedAt": 3}
    world.clock.sleep(3601)
    reconcile(world)
    assert world.store.records["token"].state is TaskState.SUCCEEDED


def test_a_job_that_still_runs_is_left_running() -> None:
    world = World()
    world.take("token", job("align"))
    world.batch.jobs["job-0"]["status"] = "RUNNING"
    world.clock.sleep(3601)
    reconcile(world)
    assert world.store.records["token"].state is TaskState.OPEN
    assert world.batch.terminated == []


def test_a_job_that_batch_does_not_know_fails_its_task_only_after_a_day() -> None:
    world = World()
    world.take("token", job("align"))
    world.batch.jobs.clear()
    world.clock.sleep(3601)
    reconcile(world)
    assert world.activities.outcomes == {}
    world.clock.sleep(86_400)
    reconcile(world)
    assert world.activities.outcomes == {}  # a single answer may be wrong
    world.clock.sleep(301)
    reconcile(world)
    (outcome,) = world.activities.outcomes["token"]
    assert isinstance(outcome, Failed)
    assert "does not know this job" in outcome.cause


def test_a_task_that_cannot_be_healed_does_not_hold_up_the_others() -> None:
    world = World()
    with_intent(world, "bad", job("align", jobQueue="forbidden"))
    world.take("good", job("align"))
    world.batch.broken_queues["forbidden"] = DeniedError("AccessDenied")
    world.batch.jobs["job-0"] |= {"status": "SUCCEEDED"}
    world.clock.sleep(3601)
    reconcile(world)
    assert world.store.records["good"].state is TaskState.SUCCEEDED
    assert world.store.records["bad"].state is TaskState.OPEN
    assert [token for token, _ in world.telemetry.left] == [task_key("bad")]


def test_a_task_whose_queue_is_gone_fails_with_that_reason() -> None:
    world = World()
    with_intent(world, "token", job("align", jobQueue="deleted"))
    world.batch.broken_queues["deleted"] = RejectedError("Job queue deleted not found")
    world.clock.sleep(301)
    reconcile(world)
    (outcome,) = world.activities.outcomes["token"]
    assert isinstance(outcome, Failed)
    assert (outcome.error, world.store.records["token"].state) == ("Task.Rejected", TaskState.FAILED)


def test_a_failing_describe_is_told_of_and_the_rest_goes_on() -> None:
    @dataclass
    class Silent(FakeBatch):
        def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
            raise UnclearError(f"timeout asking about {len(job_ids)} jobs")

    world = World()
    world.batch = Silent(clock=world.clock)
    world.take("token", job("align"))
    world.clock.sleep(3601)
    assert reconcile(world) == 3601
    assert [(jobs, str(error)) for jobs, error in world.telemetry.not_described] == [
        (1, "timeout asking about 1 jobs")
    ]
    assert world.telemetry.left == []


def test_the_jobs_of_an_abandoned_task_are_stopped_even_if_their_ids_were_never_noted() -> None:
    world = World()
    world.take("token", job("align"))
    del world.store.records["token"]  # the poller died before it could note the id
    with_intent(world, "token", job("align"))
    world.activities.gone.add("token")
    (record,) = world.store.of_execution(EXECUTION)
    world.abandon(record)
    assert (state(world), world.batch.terminated) == (TaskState.ABANDONED, [])
    world.clock.sleep(301)
    reconcile(world)
    assert world.batch.terminated == ["job-0"]
    assert world.store.closed_at.keys() == {"token"}


def test_a_task_that_ended_while_it_is_its_pollers_is_left_to_that() -> None:
    world = World(
        policy=ReconciliationPolicy(heartbeat_seconds=100, takeover_seconds=300, overdue_seconds=3600)
    )
    with_intent(world, "token", job("align"))
    (record,) = world.store.of_execution(EXECUTION)
    world.abandon(record)
    world.clock.sleep(101)
    reconcile(world)
    assert world.store.closed_at == {}
    world.clock.sleep(200)
    reconcile(world)
    assert world.store.closed_at.keys() == {"token"}
    assert world.batch.jobs == {}
    assert world.activities.heartbeats == []


def test_a_fault_on_the_way_does_not_cost_a_live_task_its_heartbeat() -> None:
    world = World()
    with_intent(world, "token", job("align", jobQueue="forbidden"))
    world.batch.broken_queues["forbidden"] = DeniedError("AccessDenied for ListJobs")
    world.clock.sleep(301)
    reconcile(world)
    assert world.activities.heartbeats == ["token"]
    assert [str(error) for _, error in world.telemetry.left] == ["AccessDenied for ListJobs"]


def test_a_throttled_heartbeat_lowers_the_shared_rate_and_is_sent_again() -> None:
    @dataclass
    class Throttling(FakeActivities):
        refused: int = 0

        def heartbeat(self, token: str) -> None:
            if self.refused < 2:
                self.refused += 1
                raise ThrottledError("429")
            super().heartbeat(token)

    world = World(activities=Throttling())
    world.take("token", job("align"))
    world.clock.sleep(301)
    reconcile(world)
    assert world.activities.heartbeats == ["token"]
    assert world.rates.states["SendTaskHeartbeat"].rate_per_second < 50


def test_a_task_that_was_told_and_not_closed_is_closed_as_what_it_was() -> None:
    world = World()
    world.take("token", job("align"))
    world.store.note_job("token", ended("align", "job-0"))
    world.activities.gone.add("token")
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.records["token"].state is TaskState.SUCCEEDED


def test_a_reconciler_that_is_slow_never_submits_beside_the_next_one() -> None:
    world = World(limit=Limit(0.5, burst=1))
    with_intent(world, "token", *[job(f"job{index}") for index in range(100)])
    world.clock.sleep(301)
    claimed_us = world.clock.now_us()
    reconcile(world)
    assert 0 < len(world.batch.jobs) < 100
    assert world.batch.submitted_at_us[-1] - claimed_us <= 240_000_000


@pytest.mark.parametrize(("seconds", "submitted"), [(LOOK_SECONDS + 1, ["first"]), (1, ["first", "second"])])
def test_a_task_that_waited_long_for_its_reconciler_is_looked_at_before_it_is_submitted(
    seconds: int, submitted: list[str]
) -> None:
    class Stopping(FakeBatch):
        """Takes its time for the first job, while the second task is stopped."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            asked.append(request["parameters"]["taskKey"])
            if len(asked) == 1:
                self.clock.sleep(seconds)
                world.store.close("second", TaskState.ABANDONED, 0, settle_from_ms=None)
            return super().submit_job(request)

    world, asked = World(), list[str]()
    world.batch = Stopping(clock=world.clock)
    with_intent(world, "first", job("align"))
    with_intent(world, "second", job("align"))
    world.clock.sleep(301)
    reconcile(world)
    assert asked == [task_key(token) for token in submitted]


def test_a_dead_token_stops_its_jobs() -> None:
    world = World()
    world.take("token", job("align"))
    world.activities.gone.add("token")
    world.clock.sleep(301)
    reconcile(world)
    assert world.batch.terminated == ["job-0"]
    assert world.store.records["token"].state is TaskState.ABANDONED


def test_a_task_whose_handler_died_before_telling_the_workflow_is_completed() -> None:
    world = World()
    world.take("token", job("align"))
    world.store.note_job("token", ended("align", "job-0"))
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.records["token"].state is TaskState.SUCCEEDED
    assert len(world.activities.outcomes["token"]) == 1


def test_hundreds_of_overdue_jobs_are_asked_about_a_hundred_at_a_time() -> None:
    world = World()
    for index in range(250):
        handed = ActivityTask(f"token-{index}", task_text(job("align")))
        world.hand(handed, until_us=world.in_seconds(600))
    world.clock.sleep(3601)
    reconcile(world)
    assert world.batch.calls["DescribeJobs"] == 3


def test_a_reconciler_whose_time_is_up_stops_and_the_next_goes_on() -> None:
    world = World()
    world.take("first", job("align"))
    world.take("second", job("align"), stateName="Impute")
    world.clock.sleep(301)
    world.reconciler.reconcile(Run(world.clock.now_us(), world.in_seconds(600)))
    assert world.activities.heartbeats == []
    reconcile(world)
    assert world.activities.heartbeats == ["first", "second"]


def test_a_reconciler_that_dies_at_its_heartbeat_leaves_the_task_to_the_next_run() -> None:
    @dataclass
    class Deadly(FakeActivities):
        """The first heartbeat is the function's end."""

        died: bool = False

        def heartbeat(self, token: str) -> None:
            if not self.died:
                self.died = True
                raise SystemExit("the function's time is up")
            super().heartbeat(token)

    world = World(activities=Deadly())
    world.take("token", job("align"))
    world.clock.sleep(301)
    with pytest.raises(SystemExit):
        reconcile(world)
    reconcile(world)
    assert world.activities.heartbeats == ["token"]


def test_a_heartbeat_that_cannot_be_sent_now_is_sent_by_the_next_run() -> None:
    @dataclass
    class Silent(FakeActivities):
        down: bool = True

        def heartbeat(self, token: str) -> None:
            if self.down:
                raise UnclearError("read timeout")
            super().heartbeat(token)

    activities = Silent()
    world = World(activities=activities)
    world.take("token", job("align"))
    world.clock.sleep(301)
    reconcile(world)
    assert [str(error) for _, error in world.telemetry.left] == ["read timeout"]
    activities.down = False
    world.clock.sleep(60)
    reconcile(world)
    assert activities.heartbeats == ["token"]


def test_ended_tasks_that_cannot_be_read_now_cost_the_others_nothing() -> None:
    @dataclass
    class Throttled(MemoryTaskStore):
        def unsettled_tasks(self, now_ms: int) -> Iterator[OpenTask]:
            raise ThrottledError(f"429 at {now_ms}")

    world = World(store=Throttled())
    with_intent(world, "token", job("align"))
    world.clock.sleep(301)
    with pytest.raises(ThrottledError):
        reconcile(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def test_all_heartbeats_are_sent_before_batch_is_asked_anything() -> None:
    class Curious(FakeBatch):
        """Looks at every call how many heartbeats were sent."""

        def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
            seen.append(len(world.activities.heartbeats))
            return super().find_jobs(job_queue, job_name)

        def end_job(self, job_id: str, reason: str) -> None:
            seen.append(len(world.activities.heartbeats))
            super().end_job(job_id, reason)

    world, seen = World(), list[int]()
    world.batch = Curious(clock=world.clock)
    world.take("stopped", job("align"), stateName="Stopped")
    world.activities.gone.add("stopped")
    with_intent(world, "lost", job("align"))
    world.take("healthy", job("align"), stateName="Healthy")
    world.clock.sleep(301)
    reconcile(world)
    assert world.activities.heartbeats == ["lost", "healthy"]
    assert seen == [2, 2]


def test_a_look_up_that_fails_in_a_way_that_nobody_knows_submits_nothing() -> None:
    world = World()
    with_intent(world, "token", job("align", jobQueue="queue"))
    world.batch.broken_queues["queue"] = RejectedError("UnknownOperation", "UnknownOperationException")
    world.clock.sleep(301)
    reconcile(world)
    assert world.batch.calls["SubmitJob"] == 0
    assert [str(error) for _, error in world.telemetry.left] == ["UnknownOperation"]


def test_a_failure_of_which_no_event_told_stops_the_jobs_siblings() -> None:
    world = World()
    world.take("token", job("align"), job("impute"))
    world.batch.jobs["job-0"] |= {"status": "FAILED"}
    world.clock.sleep(3601)
    reconcile(world)
    assert state(world) is TaskState.FAILED
    assert world.batch.terminated == ["job-1"]
    assert world.store.closed_at.keys() == {"token"}
