from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice.errors import DeniedError, RejectedError, ThrottledError, UnauthenticatedError, UnclearError
from tests.support.builders import EXECUTION, QUEUE, World, ended, job, task_text
from tests.support.fakes import FakeBatch, FakeBounds, MemoryTaskStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sluice.errors import ServiceError
    from sluice.tasks.model import JobRecord, Task, TaskRecord

from sluice.tasks.job_finder import PATIENT_THREADS
from sluice.tasks.model import ActivityTask, Failed, TaskState, Trouble, new_record
from sluice.tasks.reconciliation import plan_run
from sluice.tasks.submission import job_name


def outcome(world: World, token: str = "token") -> Failed:
    (only,) = world.activities.outcomes[token]
    assert isinstance(only, Failed)
    return only


def test_the_jobs_of_a_task_are_submitted_in_order_and_their_ids_kept() -> None:
    world = World()
    world.take("token", job("impute", "align"), job("align"))
    names = [each["jobName"] for each in world.batch.jobs.values()]
    assert names == [job_name("token", "align"), job_name("token", "impute")]
    assert world.batch.jobs["job-1"]["dependsOn"] == [{"jobId": "job-0"}]
    record = world.store.records["token"]
    assert {each.name: each.job_id for each in record.jobs.values()} == {"align": "job-0", "impute": "job-1"}
    assert record.state is TaskState.OPEN


def test_a_misspelt_field_fails_the_task_by_name_and_touches_nothing_else() -> None:
    world = World()
    world.take("token", job("align", jobDefinitoin="x"))
    assert outcome(world).error == "Task.Invalid"
    assert "jobDefinitoin" in outcome(world).cause
    assert (world.store.records, world.batch.jobs) == ({}, {})


def test_a_job_to_a_queue_that_is_not_watched_is_refused_before_any_is_submitted() -> None:
    world = World(queues=FakeBounds((QUEUE,)))
    world.take("token", job("align"), job("impute", "align", jobQueue="another"))
    assert outcome(world).error == "Task.Rejected"
    cause = json.loads(outcome(world).cause)
    assert cause["job"] == "impute"
    assert cause["reason"].startswith('"another" is no job queue that this stack watches')
    assert "JobQueueArns" in cause["reason"]
    assert QUEUE in cause["reason"]
    assert (world.store.records, world.batch.jobs) == ({}, {})


def test_a_job_of_a_definition_that_the_stack_may_not_use_is_refused_before_any_is_submitted() -> None:
    world = World(definitions=FakeBounds(("lowpass",)))
    world.take("token", job("align"), job("impute", "align", jobDefinition="another:7"))
    assert outcome(world).error == "Task.Rejected"
    cause = json.loads(outcome(world).cause)
    assert cause["job"] == "impute"
    assert cause["reason"].startswith('"another:7" is no job definition that this stack may use')
    assert "JobDefinitionArns" in cause["reason"]
    assert "lowpass" in cause["reason"]
    assert (world.store.records, world.batch.jobs) == ({}, {})


def test_a_refused_job_fails_the_task_and_stops_those_before_it() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align", jobQueue="no-such-queue"))
    assert outcome(world).error == "Task.Rejected"
    assert json.loads(outcome(world).cause)["job"] == "impute"
    assert world.batch.terminated == ["job-0"]
    assert world.store.records["token"].state is TaskState.FAILED


def test_a_throttled_submission_waits_at_a_lower_rate_and_is_not_lost() -> None:
    world = World()
    world.batch.answers.extend([ThrottledError("429"), ThrottledError("429")])
    world.take("token", job("align"))
    assert world.store.records["token"].jobs["align"].job_id == "job-0"
    assert world.rates.states["SubmitJob"].rate_per_second < 50
    assert world.telemetry.drain()["SubmitThrottled"] == 2


def test_after_a_lost_answer_the_job_is_found_by_its_name_and_not_submitted_again() -> None:
    world = World()
    world.batch.answers.append(UnclearError("read timeout"))
    world.batch.lost_answers = 1
    world.take("token", job("align"))
    assert list(world.batch.jobs) == ["job-0"]
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def next_owner(world: World) -> None:
    """A reconciler, when the task is due."""
    world.clock.sleep(301)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))


def test_after_an_unclear_answer_without_effect_the_next_owner_submits_the_job() -> None:
    world = World()
    world.batch.answers.append(UnclearError("reset"))
    world.take("token", job("align"))
    assert (world.batch.calls["SubmitJob"], world.batch.calls["ListJobs"]) == (1, 2)
    left = world.store.records["token"]
    now_ms = world.clock.now_ms()
    assert (left.state, left.trouble) == (TaskState.OPEN, Trouble("align", 1, now_ms, "reset"))
    assert [str(error) for _, error in world.telemetry.left] == ["reset"]
    next_owner(world)
    assert list(world.batch.jobs) == ["job-0"]
    assert world.store.records["token"].jobs["align"].job_id == "job-0"
    assert world.store.records["token"].trouble is None


def test_a_job_that_shows_up_minutes_later_is_found_and_not_submitted_again() -> None:
    class Lagging(FakeBatch):
        """ListJobs knows nothing of a job for four minutes."""

        def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
            found = super().find_jobs(job_queue, job_name)
            return found if self.clock.now_us() > self.submitted_at_us[0] + 240_000_000 else []

    world = World()
    world.batch = Lagging(clock=world.clock)
    world.batch.answers.append(UnclearError("500"))
    world.batch.lost_answers = 1
    world.take("token", job("align"))
    assert world.store.records["token"].jobs["align"].job_id is None
    next_owner(world)
    assert list(world.batch.jobs) == ["job-0"]
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


class Poisoned(FakeBatch):
    """SubmitJob always answers 500 to jobs on one queue."""

    def submit_job(self, request: Mapping[str, Any]) -> str:
        if request["jobQueue"] == "poison":
            self.calls["Failed"] += 1
            raise UnclearError("SubmitJob: InternalError: invalid literal for int()", "InternalError")
        return super().submit_job(request)


def poisoned_world() -> World:
    world = World()
    world.batch = Poisoned(clock=world.clock)
    return world


def test_a_job_whose_submission_always_fails_is_refused_after_a_bound_with_the_last_answer() -> None:
    world = poisoned_world()
    world.take("token", job("align"), job("impute", "align", jobQueue="poison"))
    for _ in range(20):
        next_owner(world)
    assert world.store.records["token"].state is TaskState.OPEN
    for _ in range(10):
        next_owner(world)
    said = json.loads(outcome(world).cause)
    assert (outcome(world).error, said["job"]) == ("Task.Rejected", "impute")
    assert "SubmitJob failed 25 times in 123 minutes" in said["reason"]
    assert "invalid literal for int()" in said["reason"]
    # one try an owner, and what ran before is stopped
    assert world.batch.calls["Failed"] == 25
    assert set(world.batch.terminated) == {"job-0"}
    next_owner(world)
    assert world.store.closed_at.keys() == {"token"}


def test_a_long_outage_of_batch_costs_no_task() -> None:
    world = World()
    world.batch.answers.extend([UnclearError("500")] * 8)
    world.take("token", job("align"))
    for _ in range(8):  # forty minutes
        next_owner(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"
    assert world.activities.outcomes == {}


def test_progress_ends_the_trouble() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"))
    world.store.note_trouble("token", "impute", "500", 1000)
    world.store.record_submitted("token", {"impute": "job-1"})
    assert world.store.records["token"].trouble is None


def test_requests_that_always_fail_do_not_hold_all_threads_of_a_poller() -> None:
    world = poisoned_world()
    for _ in range(PATIENT_THREADS):  # as many threads wait for such a job to show up
        assert world.submitter.finder.patience.acquire(blocking=False)
    started_us = world.clock.now_us()
    world.take("token", job("align", jobQueue="poison"))
    assert world.clock.now_us() == started_us
    assert world.batch.calls["ListJobs"] == 0
    assert world.store.records["token"].trouble is not None
    world.submitter.finder.patience.release()
    world.take("other", job("align", jobQueue="poison"))
    assert world.batch.calls["ListJobs"] == 2


def test_a_look_up_that_fails_leaves_the_job_to_the_next_owner() -> None:
    world = World()
    world.batch.broken_queues["slow"] = UnclearError("timeout")
    world.take("token", job("align", jobQueue="slow"))
    assert world.store.records["token"].trouble is not None
    del world.batch.broken_queues["slow"]
    next_owner(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def test_of_a_task_in_trouble_only_as_many_names_are_looked_up_as_are_needed() -> None:
    world = poisoned_world()
    world.take("token", job("align", jobQueue="poison"), *[job(f"job{index}") for index in range(20)])
    world.batch.calls.clear()
    next_owner(world)
    assert world.batch.calls == {"ListJobs": 1 + 2, "Failed": 1}


def test_a_job_that_shows_up_late_under_its_name_is_not_submitted_again() -> None:
    class Lagging(FakeBatch):
        """ListJobs knows nothing of a job when it is first asked."""

        def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
            found = super().find_jobs(job_queue, job_name)
            return found if self.calls["ListJobs"] > 1 else []

    world = World()
    world.batch = Lagging(clock=world.clock)
    world.batch.answers.append(UnclearError("read timeout"))
    world.batch.lost_answers = 1
    world.take("token", job("align"))
    assert list(world.batch.jobs) == ["job-0"]
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def test_a_token_that_is_known_already_is_not_submitted_a_second_time() -> None:
    world = World()
    world.take("token", job("align"))
    world.take("token", job("align"))
    assert list(world.batch.jobs) == ["job-0"]


def test_what_the_time_does_not_allow_is_left_with_its_intent() -> None:
    world = World()
    handed = ActivityTask("token", json.dumps({}))
    world.take("first", *[job(f"job{index}") for index in range(40)])
    text = '{"executionArn": "arn:aws:states:::execution:w:1", "stateName": "s", "jobs": [%s]}'
    handed = ActivityTask("token", text % json.dumps(job("align")))
    world.hand(handed, until_us=world.clock.now_us())
    record = world.store.records["token"]
    assert record.jobs["align"].job_id is None
    assert record.state is TaskState.OPEN


def test_nobody_submits_after_the_window_that_is_the_pollers_alone() -> None:
    world = World()
    world.batch.answers.extend([ThrottledError("429")] * 2000)
    started_us = world.clock.now_us()
    world.take("token", job("align"))
    assert world.store.records["token"].jobs["align"].job_id is None
    assert world.clock.now_us() - started_us <= world.submitter.window_seconds * 1_000_000


def test_a_task_that_was_abandoned_while_it_was_submitted_takes_its_jobs_along() -> None:
    world = World()
    world.take("token", job("align"))
    world.store.close("token", TaskState.ABANDONED, 0, settle_from_ms=None)
    task = world.store.records["token"].task
    world.submitter.submit(new_record(task, world.clock.now_ms()), until_us=world.in_seconds(60))
    assert set(world.batch.terminated) == {"job-0", "job-1"}


@dataclass
class Slow(FakeBatch):
    """A Batch whose every answer takes three seconds; `then` happens after the second job."""

    then: Callable[[], None] = lambda: None

    def submit_job(self, request: Mapping[str, Any]) -> str:
        job_id = super().submit_job(request)
        self.clock.sleep(3)
        if len(self.jobs) == 2:
            self.then()
        return job_id


def slow_world() -> tuple[World, Slow]:
    world = World()
    slow = Slow(clock=world.clock)
    world.batch = slow
    return world, slow


def test_a_workflow_that_is_stopped_while_its_jobs_are_submitted_gets_no_more_of_them() -> None:
    world, slow = slow_world()

    def stop() -> None:
        (record,) = world.store.of_execution(EXECUTION)
        world.abandon(record)

    slow.then = stop
    world.take("token", *[job(f"job{index}") for index in range(50)])
    assert len(world.batch.jobs) == 4
    assert set(world.batch.terminated) == set(world.batch.jobs)
    assert world.store.records["token"].state is TaskState.ABANDONED
    next_owner(world)
    assert world.store.closed_at.keys() == {"token"}


def test_a_task_that_failed_fast_while_its_jobs_are_submitted_gets_no_more_of_them() -> None:
    world, slow = slow_world()
    slow.then = lambda: world.note("token", ended("job0", "job-0", "FAILED"))
    world.take("token", *[job(f"job{index}") for index in range(50)])
    assert len(world.batch.jobs) == 4
    assert set(world.batch.terminated) == world.batch.jobs.keys() - {"job-0"}
    assert len(world.activities.outcomes["token"]) == 1
    next_owner(world)
    assert world.store.closed_at.keys() == {"token"}


def test_the_ids_of_a_quick_task_are_noted_in_one_write() -> None:
    @dataclass
    class Counting(MemoryTaskStore):
        writes: int = 0

        def record_submitted(self, token: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
            self.writes += 1
            return super().record_submitted(token, job_ids)

    store = Counting()
    World(store=store).take("token", *[job(f"job{index}") for index in range(100)])
    assert store.writes == 1


def test_an_event_that_came_before_the_id_was_noted_is_kept() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"))
    world.store.note_job("token", ended("align", "job-0"))
    world.store.record_submitted("token", {"align": "job-0", "impute": "job-1"})
    assert world.store.records["token"].jobs["align"].status == "SUCCEEDED"


def test_submissions_keep_to_the_rate() -> None:
    world = World()
    world.take("token", *[job(f"job{index}") for index in range(100)])
    times = world.batch.submitted_at_us
    # 100 calls at 50 a second with 5 at once, half of the burst
    assert times[-1] - times[0] == (100 - 5) * 20_000


def test_a_fault_in_the_middle_of_a_task_leaves_the_ids_that_there_are() -> None:
    world = World()
    world.batch.broken_queues["slow"] = UnclearError("timeout")
    handed = ActivityTask("token", task_text(job("align"), job("impute", "align", jobQueue="slow")))
    world.hand(handed, until_us=world.in_seconds(600))
    record = world.store.records["token"]
    assert (record.jobs["align"].job_id, record.jobs["impute"].job_id) == ("job-0", None)


def test_a_job_that_failed_before_its_siblings_ids_were_noted_ends_them_all_the_same() -> None:
    class Instant(FakeBatch):
        """The first job fails, and is heard of, before the second is submitted."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            job_id = super().submit_job(request)
            if request["parameters"]["taskJob"] == "bad":
                world.note("token", ended("bad", job_id, "FAILED"))
            return job_id

    world = World()
    world.batch = Instant(clock=world.clock)
    world.take("token", job("bad"), job("long"))
    assert world.batch.terminated == ["job-1"]
    assert world.store.records["token"].state is TaskState.FAILED


def test_an_intent_that_the_table_refuses_fails_the_task_instead_of_losing_it() -> None:
    class Full(MemoryTaskStore):
        def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
            raise RejectedError(f"Item of {task.state_name} is too large: {len(text)}, {now_ms > 0}")

    world = World(store=Full())
    world.take("token", job("align"))
    assert outcome(world).error == "Task.Invalid"
    assert "too large" in outcome(world).cause


NOT_THE_SENDERS = {
    "expired credentials": UnauthenticatedError("SubmitJob: ExpiredToken", "ExpiredToken"),
    "a denial that is not one of IAM": DeniedError("SubmitJob: AccessDenied", "AccessDeniedException"),
    "a refusal that nobody knows": RejectedError("SubmitJob: UnknownOperation", "UnknownOperationException"),
}


@pytest.mark.parametrize("error", NOT_THE_SENDERS.values(), ids=NOT_THE_SENDERS.keys())
def test_what_is_not_the_senders_fault_is_left_to_the_next_owner(error: ServiceError) -> None:
    world = World()
    world.batch.broken_queues["queue"] = error
    world.take("token", job("align"), job("impute", "align", jobQueue="queue"))
    record = world.store.records["token"]
    assert (record.state, record.jobs["align"].job_id) == (TaskState.OPEN, "job-0")
    assert record.trouble is not None
    assert world.activities.outcomes == {}
    del world.batch.broken_queues["queue"]
    next_owner(world)
    assert world.store.records["token"].jobs["impute"].job_id == "job-1"


def test_credentials_that_expired_never_refuse_a_task_however_long_it_takes() -> None:
    world = World()
    world.batch.answers.extend([UnauthenticatedError("ExpiredToken")] * 100)
    world.take("token", job("align"))
    for _ in range(60):
        next_owner(world)
    assert world.activities.outcomes == {}


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "UnknownOperationException"])
def test_a_table_that_does_not_know_the_caller_does_not_make_the_task_invalid(code: str) -> None:
    class Strange(MemoryTaskStore):
        def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
            raise RejectedError(f"{task.state_name}: {code} {len(text)} {now_ms}", code)

    world = World(store=Strange())
    with pytest.raises(RejectedError):
        world.take("token", job("align"))
    assert world.activities.outcomes == {}
