from __future__ import annotations

import json

import pytest

from sluice.errors import RejectedError
from sluice.rate.gcra import Limit
from sluice.tasks.model import Failed, Succeeded, TaskState
from sluice.tasks.reconciliation import plan_run
from tests.support.builders import EXECUTION, World, ended, job
from tests.support.fakes import FakeBatch


def test_the_last_job_completes_the_task() -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"))
    world.note("token", ended("align", "job-0"))
    assert "token" not in world.activities.outcomes
    world.note("token", ended("impute", "job-1"))
    (outcome,) = world.activities.outcomes["token"]
    assert isinstance(outcome, Succeeded)
    assert set(json.loads(outcome.output)["jobs"]) == {"align", "impute"}
    assert world.store.records["token"].state is TaskState.SUCCEEDED


def test_a_doubled_event_changes_nothing() -> None:
    world = World()
    world.take("token", job("align"))
    world.note("token", ended("align", "job-0"))
    world.note("token", ended("align", "job-0"))
    world.note("token", ended("align", "job-0", "FAILED"))
    assert len(world.activities.outcomes["token"]) == 1
    assert world.telemetry.drain()["EventsIgnored"] == 2


def test_a_failed_job_stops_the_others_of_a_fail_fast_task() -> None:
    world = World()
    world.take("token", job("a"), job("b"), job("c", "a"))
    world.note("token", ended("a", "job-0", "FAILED"))
    (outcome,) = world.activities.outcomes["token"]
    assert isinstance(outcome, Failed)
    assert world.batch.terminated == ["job-1"]


def test_the_events_of_stopped_siblings_stop_nobody_again() -> None:
    world = World()
    world.take("token", *[job(name) for name in "abcd"])
    world.note("token", ended("a", "job-0", "FAILED"))
    world.note("token", ended("b", "job-1", "FAILED"))
    assert world.batch.terminated == ["job-1", "job-2", "job-3"]
    assert len(world.activities.outcomes["token"]) == 1


def test_events_of_unknown_tasks_and_jobs_are_passed_over() -> None:
    world = World()
    world.take("token", job("align"))
    world.note("other", ended("align", "job-0"))
    world.note("token", ended("other", "job-9"))
    world.note("token", ended("align", "a-copy-of-the-job"))
    assert world.activities.outcomes == {}
    assert world.store.records["token"].jobs["align"].status is None


def test_a_crash_after_the_workflow_was_told_is_made_good_by_the_next_delivery() -> None:
    world = World()
    world.take("token", job("align"))
    world.store.note_job("token", ended("align", "job-0"))
    world.activities.gone.add("token")  # the workflow was told, the item was not closed
    world.note("token", ended("align", "job-0"))
    assert world.store.records["token"].state is TaskState.SUCCEEDED


@pytest.mark.parametrize("jobs", [1, 3])
def test_abandoned_tasks_stop_their_jobs(jobs: int) -> None:
    world = World()
    world.take("token", *[job(f"job{index}") for index in range(jobs)])
    (record,) = world.store.of_execution(EXECUTION)
    world.abandon(record)
    assert len(world.batch.terminated) == jobs
    assert world.store.records["token"].state is TaskState.ABANDONED
    assert world.store.of_execution(EXECUTION) == []


def test_jobs_for_which_there_is_no_time_are_stopped_by_the_reconciler() -> None:
    world = World(limit=Limit(1, burst=2))
    world.batch.stops_per_call = 1
    world.take("token", *[job(f"job{index}") for index in range(8)])
    (record,) = world.store.of_execution(EXECUTION)
    world.abandon(record)
    assert world.store.records["token"].state is TaskState.ABANDONED
    assert 0 < len(world.batch.terminated) < 8
    world.clock.sleep(2 * world.policy.settle_seconds)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))
    assert set(world.batch.terminated) == world.batch.jobs.keys()
    assert world.store.closed_at.keys() == {"token"}


def test_a_job_that_batch_does_not_know_any_more_is_stopped_enough() -> None:
    class Forgetful(FakeBatch):
        def end_job(self, job_id: str, reason: str) -> None:
            raise RejectedError(f"There is no job {job_id}: {reason}")

    world = World()
    world.batch = Forgetful(clock=world.clock)
    world.take("token", job("align"))
    world.abandon(world.store.records["token"])
    assert world.store.closed_at.keys() == {"token"}
