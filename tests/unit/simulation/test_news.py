from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulation.invariants import LATE_NEWS, UNHEEDED
from tests.simulation.kernel.world import MICROSECONDS, Process
from tests.simulation.news_invariants import NewsJudge
from tests.simulation.profiles import CALM
from tests.unit.simulation.building import acted, pass_time, world

SUBMISSION = {"jobName": "name", "parameters": {"taskKey": "AQ1", "taskJob": "align"}}
READ = {"TableName": "TaskTable"}
NEIGHBOURS = {"TableName": "TaskTable", "IndexName": "OpenByExecution"}


def judged() -> tuple[NewsJudge, Any]:
    stack: Any = SimpleNamespace(
        world=world(),
        watchers=[],
        network=SimpleNamespace(hearers=[]),
        profile=CALM,
        step_functions=SimpleNamespace(on_outcome=[]),
        plan=SimpleNamespace(outages=[]),
        batch=SimpleNamespace(jobs={}),
        bus=SimpleNamespace(told={"job-0", "job-1", "job-5"}),
        keys_of=lambda parameters: [parameters["taskKey"]],
    )
    judge = NewsJudge(stack)
    judge.begin()
    return judge, stack


def item(state: str) -> dict[str, Any]:
    return {"Item": {"taskToken": {"S": "AQ1"}, "state": {"S": state}}}


@pytest.mark.parametrize(
    ("state", "same", "found"), [("FAILED", True, 1), ("OPEN", True, 0), ("FAILED", False, 0)]
)
def test_only_who_was_shown_that_a_task_has_ended_must_not_submit_for_it(
    state: str, same: bool, found: int
) -> None:
    judge, stack = judged()
    process = Process(stack.world, "poller")

    def read() -> None:
        stack.network.hearers[0](READ, item(state))
        if same:
            submit()

    def submit() -> None:
        stack.watchers[0]("SubmitJob", SUBMISSION, process)

    acted(stack.world, read, process)
    acted(stack.world, submit, process)
    pass_time(stack.world, 1)
    assert [each.invariant for each in judge.verdict()] == [UNHEEDED] * found


@pytest.mark.parametrize(
    ("listed", "begins_anew", "found"),
    [(["AQ1", "AQ2"], True, 0), (["AQ1", "AQ2"], False, 1), (["AQ2"], True, 1)],
)
def test_what_a_thread_heard_of_a_neighbour_does_not_bind_it_when_it_begins_to_submit_that_one(
    listed: list[str], begins_anew: bool, found: int
) -> None:
    judge, stack = judged()
    process = Process(stack.world, "poller")

    def show_neighbours() -> None:
        pages = [[], *([{"taskToken": {"S": key}}] for key in listed)]
        for number, page in enumerate(pages):
            start: dict[str, Any] = {"ExclusiveStartKey": {}} if number else {}
            stack.network.hearers[0]({**NEIGHBOURS, **start}, {"Items": page})

    def work() -> None:
        show_neighbours()
        stack.network.hearers[0](READ, item("ABANDONED"))
        if begins_anew:
            show_neighbours()
        stack.watchers[0]("SubmitJob", SUBMISSION, process)

    acted(stack.world, work, process)
    pass_time(stack.world, 1)
    assert [each.invariant for each in judge.verdict()] == [UNHEEDED] * found


@pytest.mark.parametrize(("seconds", "found"), [(400, 0), (1000, 1)])
def test_news_comes_within_the_time_that_its_event_and_a_function_take(seconds: int, found: int) -> None:
    judge, stack = judged()
    begun = stack.world.now
    stack.batch.jobs = {
        "job-1": SimpleNamespace(job_id="job-1", stopped=begun),
        "job-0": SimpleNamespace(job_id="job-0", stopped=begun - 1),
    }
    stack.world.now += seconds * MICROSECONDS
    said = {"jobs": {"align": {"jobId": "job-1"}, "call": {"jobId": "job-0"}}}
    stack.step_functions.on_outcome[0](SimpleNamespace(token="AQ1"), None, json.dumps(said))
    assert [each.invariant for each in judge.verdict()] == [LATE_NEWS] * found


@pytest.mark.parametrize(
    ("told", "seconds", "found"), [("job-5", 1000, 0), ("job-5", 1500, 1), ("", 1500, 0)]
)
def test_a_child_of_which_no_event_came_is_asked_about_soon_after_its_array(
    told: str, seconds: int, found: int
) -> None:
    judge, stack = judged()
    stack.bus.told = {told}
    ended = stack.world.now
    stack.batch.jobs = {"job-5:0": SimpleNamespace(job_id="job-5:0", index=0, stopped=ended - 1)}
    stack.batch.shared = {"job-5": SimpleNamespace(stopped=ended)}
    stack.world.now += seconds * MICROSECONDS
    said = {"jobs": {"align": {"jobId": "job-5:0"}}}
    stack.step_functions.on_outcome[0](SimpleNamespace(token="AQ1"), None, json.dumps(said))
    assert [each.invariant for each in judge.verdict()] == [LATE_NEWS] * found
