"""A state starts an execution and waits for it."""

import json
from typing import Any

from tests.support.building import Machines, eventually

SYNC = "arn:aws:states:::states:startExecution.sync"
PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "Inner.Bad", "Cause": "so"}}}
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


def outer(machines: Machines, inner: dict[str, Any], resource: str = SYNC) -> str:
    child = machines.create(inner, "-inner")
    return machines.of_one_task(resource, Parameters={"StateMachineArn": child, "Input": {"x": 1}})


def test_the_output_is_text_or_json(machines: Machines) -> None:
    output = machines.output(outer(machines, PASS))
    assert (output["Status"], output["Output"]) == ("SUCCEEDED", '{"x": 1}')
    child = output["StateMachineArn"]
    parsed = machines.create(
        {
            "StartAt": "Call",
            "States": {
                "Call": {
                    "Type": "Task",
                    "Resource": f"{SYNC}:2",
                    "Parameters": {"StateMachineArn": child, "Input": {"x": 2}},
                    "End": True,
                }
            },
        },
        "-parsed",
    )
    output = machines.output(parsed)
    assert (output["Input"], output["Output"]) == ({"x": 2}, {"x": 2})


def test_a_failed_child_fails_the_task_with_its_description(machines: Machines) -> None:
    execution = machines.start(outer(machines, FAIL))
    described = machines.ended(execution)
    assert described["error"] == "States.TaskFailed"
    cause = json.loads(described["cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Inner.Bad", "so")
    assert "Output" not in cause
    assert machines.events(execution)[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskFailed"]


def test_a_child_that_timed_out_says_so(machines: Machines) -> None:
    described = machines.ended(machines.start(outer(machines, {**WAIT, "TimeoutSeconds": 1})))
    cause = json.loads(described["cause"])
    assert (cause["Status"], cause["Error"]) == ("TIMED_OUT", "States.Timeout")


def test_stopping_the_parent_stops_the_child(states: Any, machines: Machines) -> None:
    execution = machines.start(outer(machines, WAIT))

    def submitted() -> str | None:
        events = states.get_execution_history(executionArn=execution)["events"]
        found = [event["taskSubmittedEventDetails"] for event in events if event["type"] == "TaskSubmitted"]
        return json.loads(found[0]["output"])["ExecutionArn"] if found else None

    child = eventually(submitted)
    states.stop_execution(executionArn=execution)
    assert machines.ended(child)["status"] == "ABORTED"
