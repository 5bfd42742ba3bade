"""Jobs that IAM denies: for a while after a deployment, or for good."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from sluice.errors import DeniedError
from sluice.tasks.job_finder import PATIENT_THREADS
from sluice.tasks.model import ActivityTask, Failed, TaskState
from sluice.tasks.reconciliation import plan_run
from sluice.tasks.submission import DENIED_PAUSE_SECONDS, DENIED_SECONDS
from tests.support.builders import World, job, task_text


def denial() -> DeniedError:
    return DeniedError(
        "User: poller is not authorized to perform: batch:SubmitJob on resource: job-queue/new",
        "AccessDeniedException",
    )


def take_in_haste(world: World, *jobs: dict[str, Any]) -> None:
    """Hands over a task by a poller whose time is up in three seconds."""
    world.hand(ActivityTask("token", task_text(*jobs)), until_us=world.in_seconds(3))


def next_owner(world: World) -> None:
    """A reconciler, when the task is due."""
    world.clock.sleep(301)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))


def failure(world: World) -> Failed:
    (only,) = world.activities.outcomes["token"]
    assert isinstance(only, Failed)
    return only


def test_a_permission_that_takes_a_minute_costs_no_task_and_no_owner() -> None:
    world = World()
    world.batch.answers = deque([denial() for _ in range(60 // DENIED_PAUSE_SECONDS)])
    world.take("token", job("align"), job("impute", "align"))
    record = world.store.records["token"]
    assert [each.job_id for each in record.jobs.values()] == ["job-0", "job-1"]
    assert (world.activities.outcomes, record.trouble) == ({}, None)


def test_each_job_of_a_task_may_wait_for_its_own_permission() -> None:
    world = World()
    half = [denial() for _ in range(DENIED_SECONDS // DENIED_PAUSE_SECONDS - 4)]
    world.batch.answers = deque(half)
    world.take("token", job("align"))
    world.batch.answers = deque(half)
    world.take("other", job("align"))
    assert world.activities.outcomes == {}
    assert len(world.batch.jobs) == 2


def test_a_queue_that_iam_forbids_is_refused_to_the_sender_after_a_bound() -> None:
    world = World()
    world.batch.broken_queues["others"] = denial()
    started_us = world.clock.now_us()
    world.take("token", job("align"), job("impute", "align", jobQueue="others"))
    said = json.loads(failure(world).cause)
    assert (failure(world).error, said["job"]) == ("Task.Rejected", "impute")
    assert "denied for longer than a new permission takes" in said["reason"]
    assert "batch:SubmitJob on resource: job-queue/new" in said["reason"]
    assert DENIED_SECONDS <= (world.clock.now_us() - started_us) / 1e6 < DENIED_SECONDS + 10
    assert world.batch.terminated == ["job-0"]


def test_who_has_no_time_to_wait_leaves_the_task_to_the_next_owner() -> None:
    world = World()
    world.batch.answers.append(denial())
    take_in_haste(world, job("align"))
    record = world.store.records["token"]
    assert (record.state, record.jobs["align"].job_id) == (TaskState.OPEN, None)
    assert record.trouble is not None
    next_owner(world)
    assert world.store.records["token"].jobs["align"].job_id == "job-0"


def test_what_the_owner_before_was_denied_too_is_refused_at_once() -> None:
    world = World()
    world.batch.answers = deque([denial(), denial()])
    take_in_haste(world, job("align"))
    assert world.activities.outcomes == {}
    next_owner(world)
    assert failure(world).error == "Task.Rejected"
    assert world.batch.calls["SubmitJob"] == 2


def test_denied_jobs_do_not_hold_all_threads_of_a_poller() -> None:
    world = World()
    world.batch.broken_queues["others"] = denial()
    for _ in range(PATIENT_THREADS):  # as many threads wait
        assert world.submitter.finder.patience.acquire(blocking=False)
    started_us = world.clock.now_us()
    world.take("token", job("align", jobQueue="others"))
    assert world.clock.now_us() == started_us
    assert world.store.records["token"].trouble is not None
    world.submitter.finder.patience.release()
    assert world.submitter.finder.rest(1)
