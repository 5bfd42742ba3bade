"""An item that somebody has spoilt: its task ends by name, once, and holds up no other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sluice.aws.tables.attributes import to_item
from sluice.aws.tables.task_items import intent, job_values, read_task
from sluice.tasks.contract import parse_task
from sluice.tasks.model import Failed, TaskState
from sluice.tasks.parsing import InvalidTaskError, build_task
from sluice.tasks.reconciliation import ReconciliationPolicy
from tests.functional.test_bad_input import cancelled, noted
from tests.functional.test_reconciler import reconcile, state, with_intent
from tests.support.builders import EXECUTION, World, detail, ended, job, job_event, task_text
from tests.unit.sluice.test_bad_events import states_event

ACCEPTED_ONCE = {
    "a field that is not known any more": task_text(job("align"), priority="high"),
    "more jobs than are allowed now": task_text(*[job(f"job{index}") for index in range(101)]),
    "a name that is too long now": task_text(job("a" * 120)),
    "a name of other letters": task_text(job("align.1")),
    "a longer state's name": task_text(job("align"), stateName="s" * 100),
    "a parameter that is Sluice's own now": task_text(job("align", parameters={"taskToken": "mine"})),
}

NEVER_ACCEPTED = {
    "no JSON": "no JSON",
    "a list": "[]",
    "a number": "7",
    "no jobs": task_text().replace('"jobs"', '"job"'),
    "a job that is none": task_text(job("align")).replace('[{"', '[[{"').replace("}]", "}]]"),
    "a circle": task_text(job("a", "b"), job("b", "a")),
    "a dependency that there is not": task_text(job("a", "b")),
    "lists without end": "[" * 100_000,
}


def item(text: str) -> dict[str, Any]:
    """An open task's item, in DynamoDB's form, with a job that has ended and one that runs."""
    values = intent(build_task("token", task_text(job("align"), job("impute"))), text, 1000)
    ran = {"align": job_values(ended("align", "job-0")), "impute": {"jobId": "job-1"}}
    return to_item({**values, "jobs": ran})


@pytest.mark.parametrize("text", ACCEPTED_ONCE.values(), ids=ACCEPTED_ONCE.keys())
def test_an_item_that_was_accepted_once_is_read_whatever_the_contract_says_now(text: str) -> None:
    with pytest.raises(InvalidTaskError):
        parse_task("token", text)
    names = [each["jobName"] for each in json.loads(text)["jobs"]]
    assert [each.name for each in read_task(item(text)).task.jobs] == names


@pytest.mark.parametrize("text", NEVER_ACCEPTED.values(), ids=NEVER_ACCEPTED.keys())
def test_an_item_of_which_no_task_can_be_made_still_says_what_runs_for_it(text: str) -> None:
    with pytest.raises(InvalidTaskError):
        build_task("token", text)
    record = read_task(item(text))
    assert "cannot be read any more" in (record.fault or "")
    assert (record.task.execution_arn, record.task.state_name) == (EXECUTION, "Align")
    assert {each.name for each in record.task.jobs} == {"align", "impute"}
    assert {each.job_id: each.ended for each in record.jobs.values()} == {"job-0": True, "job-1": False}


def world_with_a_spoilt_task() -> World:
    """One of two tasks is not to be read any more; a job of it has ended, another runs."""
    world = World()
    world.take("spoilt", job("align"), job("impute"))
    world.take("good", job("align"))
    world.store.note_job("spoilt", ended("align", "job-0"))
    spoil(world, "spoilt")
    return world


def spoil(world: World, token: str) -> None:
    record = world.store.records[token]
    without_requests = [replace(each, request={}, depends_on=()) for each in record.task.jobs]
    task = replace(record.task, jobs=tuple(without_requests))
    world.store.records[token] = replace(record, task=task, fault="no JSON")


def check_that_it_failed_once(world: World) -> None:
    assert world.activities.outcomes["spoilt"] == [Failed("Task.Invalid", '{"reason": "no JSON"}')]
    assert (state(world, "spoilt"), world.batch.terminated) == (TaskState.FAILED, ["job-1"])
    assert world.store.closed_at.keys() == {"spoilt"}
    assert world.telemetry.left == []


def test_the_reconciler_fails_it_in_its_workflow_and_closes_it_once() -> None:
    world = world_with_a_spoilt_task()
    for _ in range(2):
        world.clock.sleep(301)
        reconcile(world)
        check_that_it_failed_once(world)
    assert world.activities.heartbeats.count("good") == 2


def test_the_next_event_of_its_jobs_does_the_same() -> None:
    world = world_with_a_spoilt_task()
    answer = noted(world, *[job_event("spoilt", "impute", detail("job-1", "FAILED"))] * 2)
    assert answer == {"batchItemFailures": []}
    (outcome,) = world.activities.outcomes["spoilt"]
    assert isinstance(outcome, Failed)
    assert (outcome.error, state(world, "spoilt")) == ("Task.Invalid", TaskState.FAILED)


def test_a_workflow_that_is_stopped_stops_its_jobs() -> None:
    world = world_with_a_spoilt_task()
    world.activities.gone |= {"spoilt", "good"}
    stopped = json.dumps(states_event(stopDate=world.clock.now_us() // 1000))
    assert cancelled(world, stopped) == {"batchItemFailures": []}
    assert sorted(world.batch.terminated) == ["job-1", "job-2"]
    assert state(world, "spoilt") is TaskState.ABANDONED


def test_jobs_of_it_whose_ids_are_not_known_keep_it_in_line_until_its_poller_is_done() -> None:
    world = World(
        policy=ReconciliationPolicy(heartbeat_seconds=100, takeover_seconds=300, overdue_seconds=3600)
    )
    with_intent(world, "spoilt", job("align"))
    spoil(world, "spoilt")
    world.clock.sleep(101)
    reconcile(world)
    assert (state(world, "spoilt"), world.store.closed_at) == (TaskState.FAILED, {})
    world.clock.sleep(200)
    reconcile(world)
    assert world.store.closed_at.keys() == {"spoilt"}
    assert world.batch.calls == {}


def test_a_task_that_had_ended_before_it_was_spoilt_stays_as_it_ended() -> None:
    world = world_with_a_spoilt_task()
    world.store.close("spoilt", TaskState.ABANDONED, 0, settle_from_ms=0)
    world.clock.sleep(301)
    reconcile(world)
    assert "spoilt" not in world.activities.outcomes
    assert (state(world, "spoilt"), world.batch.terminated) == (TaskState.ABANDONED, ["job-1"])
    assert world.store.closed_at.keys() == {"spoilt"}


def test_a_workflow_that_does_not_wait_for_it_any_more_is_no_hindrance() -> None:
    world = world_with_a_spoilt_task()
    world.activities.gone.add("spoilt")
    world.clock.sleep(301)
    reconcile(world)
    assert world.store.closed_at.keys() == {"spoilt"}
