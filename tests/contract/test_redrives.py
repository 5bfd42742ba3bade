"""RedriveExecution: what failed goes on where it failed, and what succeeded is not run again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.running.redrive import (
    EVENTS_MAX,
    TOKENS_WITHIN,
    WITHIN,
    not_redrivable,
    redriven_by,
)
from tests.support.building import Machines, eventually, refused

JSONATA = {"QueryLanguage": "JSONata"}


def task(activity_arn: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": activity_arn, **fields}


class Worker:
    """Takes an activity's tasks one after another."""

    def __init__(self, states: Any, activity_arn: str) -> None:
        self.states, self.activity_arn = states, activity_arn

    def take(self) -> tuple[str, Any]:
        taken = self.states.get_activity_task(activityArn=self.activity_arn)
        return taken["taskToken"], json.loads(taken["input"])

    def succeed(self, output: Any) -> Any:
        token, given = self.take()
        self.states.send_task_success(taskToken=token, output=json.dumps(output))
        return given

    def fail(self) -> Any:
        token, given = self.take()
        self.states.send_task_failure(taskToken=token, error="Job.Failed", cause="exit code 1")
        return given


@pytest.fixture
def worker(states: Any, activity_arn: str) -> Worker:
    return Worker(states, activity_arn)


def two_steps(activity_arn: str) -> dict[str, Any]:
    first = task(activity_arn, Assign={"made": "{% $states.result %}"}, Next="Second")
    second = task(activity_arn, Arguments={"made": "{% $made %}", "input": "{% $states.input %}"}, End=True)
    return {**JSONATA, "StartAt": "First", "States": {"First": first, "Second": second}}


def test_an_execution_goes_on_with_the_step_that_failed(
    states: Any, machines: Machines, worker: Worker
) -> None:
    execution = machines.start(machines.create(two_steps(worker.activity_arn)), {"x": 1})
    worker.succeed("made by the first")
    worker.fail()
    failed = machines.ended(execution)
    assert (failed["redriveStatus"], failed["redriveCount"]) == ("REDRIVABLE", 0)
    before = machines.events(execution)
    answer = states.redrive_execution(executionArn=execution)
    assert worker.succeed("done") == {"made": "made by the first", "input": "made by the first"}
    described = machines.ended(execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", "done")
    assert (described["redriveCount"], described["redriveDate"]) == (1, answer["redriveDate"])
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    assert machines.events(execution)[len(before) :] == [
        "ExecutionRedriven",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


@pytest.mark.parametrize("end", ["stopped", "timed out"])
def test_what_was_stopped_or_timed_out_goes_on_too(
    states: Any, machines: Machines, worker: Worker, end: str
) -> None:
    limit = {"TimeoutSeconds": 2} if end == "timed out" else {}
    execution = machines.start(machines.create({**two_steps(worker.activity_arn), **limit}))
    worker.succeed("made")
    token, _ = worker.take()
    if end == "stopped":
        states.stop_execution(executionArn=execution)
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)
    assert worker.succeed("done")["made"] == "made"
    assert refused(lambda: states.send_task_success(taskToken=token, output="1")) == "TaskTimedOut"
    assert machines.ended(execution)["output"] == '"done"'


def test_an_execution_may_be_redriven_again_and_again(
    states: Any, machines: Machines, worker: Worker
) -> None:
    execution = machines.start(machines.create(two_steps(worker.activity_arn)))
    worker.succeed("made")
    for number in range(1, 4):
        worker.fail()
        machines.ended(execution)
        states.redrive_execution(executionArn=execution)
        assert states.describe_execution(executionArn=execution)["redriveCount"] == number
    worker.succeed("done")
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    assert machines.events(execution).count("ActivityScheduled") == 5


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_of_branches_and_items_only_those_run_again_that_failed(
    states: Any, machines: Machines, worker: Worker, kind: str
) -> None:
    arguments = {"who": "{% $states.input %}"}
    work = task(worker.activity_arn, Arguments=arguments, End=True)
    inner: dict[str, Any] = {"StartAt": "Work", "States": {"Work": work}}
    if kind == "Map":
        state = {"Type": "Map", "Items": "{% [0, 1, 2] %}", "ItemProcessor": inner, "End": True}
    else:
        named = [
            {
                "StartAt": f"Name {n}",
                "States": {
                    f"Name {n}": {"Type": "Pass", "Output": n, "Next": f"Work {n}"},
                    f"Work {n}": work,
                },
            }
            for n in range(3)
        ]
        state = {"Type": "Parallel", "Branches": named, "End": True}
    execution = machines.start(machines.create({**JSONATA, "StartAt": "All", "States": {"All": state}}))
    taken = [worker.take() for _ in range(3)]  # before one fails, which stops the others
    for token, given in taken:
        if given["who"] != 1:
            states.send_task_success(taskToken=token, output=json.dumps(f"first {given['who']}"))
    eventually(lambda: machines.events(execution).count("TaskStateExited") == 2)
    (failing,) = (token for token, given in taken if given["who"] == 1)
    states.send_task_failure(taskToken=failing, error="Job.Failed")
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)
    assert worker.succeed("second 1") == {"who": 1}
    assert json.loads(machines.ended(execution)["output"]) == ["first 0", "second 1", "first 2"]


def test_a_fail_state_fails_again(states: Any, machines: Machines) -> None:
    fail = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Some.Error"}}}
    execution = machines.start(machines.create(fail))
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)
    assert machines.ended(execution)["error"] == "Some.Error"
    assert machines.events(execution)[-2:] == ["ExecutionRedriven", "ExecutionFailed"]


def test_a_redrive_is_made_once_by_its_token_and_refused_while_it_runs(
    states: Any, machines: Machines, worker: Worker
) -> None:
    execution = machines.start(machines.create(two_steps(worker.activity_arn)))
    assert refused(lambda: states.redrive_execution(executionArn=execution)) == "ExecutionNotRedrivable"
    worker.fail()
    machines.ended(execution)
    first, again = (states.redrive_execution(executionArn=execution, clientToken="token") for _ in range(2))
    assert again["redriveDate"] == first["redriveDate"]
    long = refused(lambda: states.redrive_execution(executionArn=execution, clientToken="t" * 65))
    assert long == "ValidationException"
    other = refused(lambda: states.redrive_execution(executionArn=execution, clientToken="other"))
    assert other == "ExecutionNotRedrivable"
    worker.succeed("made")
    worker.succeed("done")
    assert machines.ended(execution)["redriveCount"] == 1
    assert refused(lambda: states.redrive_execution(executionArn=execution)) == "ExecutionNotRedrivable"
    missing = refused(lambda: states.redrive_execution(executionArn=f"{execution}-gone"))
    assert missing == "ExecutionDoesNotExist"


def test_a_redrive_is_an_event_in_the_history(states: Any, machines: Machines, worker: Worker) -> None:
    execution = machines.start(machines.create(two_steps(worker.activity_arn)))
    worker.fail()
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)

    def redriven() -> Any:
        history = states.get_execution_history(executionArn=execution)["events"]
        return next((each for each in history if each["type"] == "ExecutionRedriven"), None)

    assert eventually(redriven)["executionRedrivenEventDetails"] == {"redriveCount": 1}
    states.stop_execution(executionArn=execution)


def test_a_token_answers_for_fifteen_minutes() -> None:
    made = datetime(2026, 11, 1, tzinfo=UTC)
    redriven = {"_redrives": [("token", made.isoformat())]}
    assert redriven_by(redriven, "token", made + TOKENS_WITHIN) == made.isoformat()
    assert redriven_by(redriven, "token", made + TOKENS_WITHIN + timedelta(seconds=1)) is None
    assert redriven_by(redriven, "other", made) is None
    assert redriven_by({"_redrives": [(None, made.isoformat())]}, None, made) is None


def test_which_executions_can_be_redriven() -> None:
    stopped = datetime(2026, 11, 1, tzinfo=UTC)
    ended = {"status": "FAILED", "stopDate": stopped.isoformat(), "events": [{}] * 10}
    assert not_redrivable(ended, stopped) is None
    assert not_redrivable(ended, stopped + WITHIN) is None
    for other, at in (
        (ended, stopped + WITHIN + timedelta(seconds=1)),
        ({**ended, "status": "SUCCEEDED"}, stopped),
        ({**ended, "status": "RUNNING", "stopDate": None}, stopped),
        ({**ended, "events": [{}] * EVENTS_MAX}, stopped),
    ):
        assert not_redrivable(other, at) is not None
