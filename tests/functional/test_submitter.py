from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice.ports import DeniedError, RejectedError, ThrottledError, UnclearError
from tests.builders import World, ended, job, task_text
from tests.fakes import FakeBatch, MemoryTaskStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.model import Task

from sluice.model import ActivityTask, Failed, TaskState
from sluice.submission import job_name


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
    assert world.counts.drain()["SubmitThrottled"] == 2


def test_after_a_lost_answer_the_job_is_found_by_its_name_and_not_submitted_again() -> None:
    world = World()
    world.batch.answers.append(UnclearError("read timeout"))
    world.batch.lost_answers = 1
    world.take("token", job("align"))
    assert list(world.batch.jobs) == ["job-0"]
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def test_after_an_unclear_answer_without_effect_the_job_is_submitted_again() -> None:
    world = World()
    world.batch.answers.append(UnclearError("reset"))
    world.take("token", job("align"))
    assert list(world.batch.jobs) == ["job-0"]
    assert world.batch.calls["ListJobs"] == 1


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
    world.submitter.take(handed, until_us=world.clock.now_us())
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
    world.store.close("token", TaskState.ABANDONED, 0)
    world.submitter.submit(world.store.records["token"].task, {}, until_us=world.in_seconds(60))
    assert world.batch.terminated == ["job-1"]


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
    with pytest.raises(UnclearError):
        world.submitter.take(handed, until_us=world.in_seconds(600))
    record = world.store.records["token"]
    assert (record.jobs["align"].job_id, record.jobs["impute"].job_id) == ("job-0", None)


def test_a_job_that_failed_before_its_siblings_ids_were_noted_ends_them_all_the_same() -> None:
    class Instant(FakeBatch):
        """The first job fails, and is heard of, before the second is submitted."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            job_id = super().submit_job(request)
            if request["parameters"]["taskJob"] == "bad":
                world.finisher.note("token", ended("bad", job_id, "FAILED"))
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


def test_a_queue_that_iam_forbids_is_refused_to_the_sender() -> None:
    world = World()
    world.batch.broken_queues["others"] = DeniedError("AccessDenied for job-queue/others")
    world.take("token", job("align", jobQueue="others"))
    assert (outcome(world).error, "job-queue/others" in outcome(world).cause) == ("Task.Rejected", True)
