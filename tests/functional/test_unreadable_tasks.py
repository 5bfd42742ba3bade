"""An item that somebody has spoilt: its task ends by name, once, and holds up no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.items import intent, job_values, read_task, to_item
from sluice.model import Failed, TaskState
from sluice.ports import UnreadableTaskError
from sluice.task_building import InvalidTaskError, build_task
from sluice.task_input import parse_task
from tests.builders import World, ended, job, task_text
from tests.fakes import MemoryTaskStore
from tests.functional.test_healer import heal, state

if TYPE_CHECKING:
    from sluice.model import OpenTask, TaskRecord

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
    with pytest.raises(UnreadableTaskError, match="cannot be read any more") as caught:
        read_task(item(text))
    assert caught.value.state is TaskState.OPEN
    assert {each.job_id: each.ended for each in caught.value.jobs} == {"job-0": True, "job-1": False}


class Spoilt(MemoryTaskStore):
    """A table of which somebody has edited the item of the token "spoilt"."""

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        record = super().claim(task, now_ms)
        if record is None or record.task.token != "spoilt":
            return record
        raise UnreadableTaskError("no JSON", state=record.state, jobs=tuple(record.jobs.values()))


def world_with_a_spoilt_task() -> World:
    world = World(store=Spoilt())
    world.take("spoilt", job("align"), job("impute"))
    world.take("good", job("align"))
    world.store.note_job("spoilt", ended("align", "job-0"))
    world.clock.sleep(301)
    return world


def test_a_task_that_nobody_can_read_fails_in_its_workflow_and_is_closed() -> None:
    world = world_with_a_spoilt_task()
    heal(world)
    (outcome,) = world.activities.outcomes["spoilt"]
    assert outcome == Failed("Task.Invalid", '{"reason": "no JSON"}')
    assert (state(world, "spoilt"), world.batch.terminated) == (TaskState.FAILED, ["job-1"])
    assert world.store.closed_at.keys() == {"spoilt"}
    assert world.activities.heartbeats == ["good"]


def test_it_is_told_of_no_second_time() -> None:
    world = world_with_a_spoilt_task()
    heal(world)
    world.clock.sleep(301)
    heal(world)
    assert len(world.activities.outcomes["spoilt"]) == 1
    assert world.batch.terminated == ["job-1"]
    assert world.reports.left == []


def test_a_task_that_had_ended_before_it_was_spoilt_stays_as_it_ended() -> None:
    world = world_with_a_spoilt_task()
    world.store.close("spoilt", TaskState.ABANDONED, 0, settled=False)
    heal(world)
    assert "spoilt" not in world.activities.outcomes
    assert (state(world, "spoilt"), world.batch.terminated) == (TaskState.ABANDONED, ["job-1"])
    assert world.store.closed_at.keys() == {"spoilt"}


def test_a_workflow_that_does_not_wait_for_it_any_more_is_no_hindrance() -> None:
    world = world_with_a_spoilt_task()
    world.activities.gone.add("spoilt")
    heal(world)
    assert world.store.closed_at.keys() == {"spoilt"}
