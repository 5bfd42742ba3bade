"""Histories have AWS's events, linked as AWS links them."""

import json
from typing import Any

from tests.support.building import Functions, Machines

ECHO = "def handler(event, context): return event"
PASS = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}


def history(machines: Machines, execution: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machines.states.get_execution_history(executionArn=execution)["events"]
    return found


def chain(events: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return [(event["id"], event["previousEventId"], event["type"]) for event in events]


def ran(machines: Machines, state: dict[str, Any], data: Any = None) -> list[dict[str, Any]]:
    arn = machines.create({"StartAt": "One", "States": {"One": {"End": True, **state}}})
    execution = machines.start(arn, data)
    machines.ended(execution)
    return history(machines, execution)


def test_a_service_s_task_has_its_type_its_resource_and_its_parameters(
    functions: Functions, machines: Machines
) -> None:
    parameters = {"FunctionName": functions.create(ECHO), "Payload": {"x": 1}}
    resource = "arn:aws:states:::lambda:invoke"
    events = ran(
        machines, {"Type": "Task", "Resource": resource, "Parameters": parameters, "TimeoutSeconds": 9}
    )
    assert chain(events)[1:6] == [
        (2, 0, "TaskStateEntered"),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskStarted"),
        (5, 4, "TaskSucceeded"),
        (6, 5, "TaskStateExited"),
    ]
    scheduled = events[2]["taskScheduledEventDetails"]
    assert json.loads(scheduled.pop("parameters")) == parameters
    assert scheduled == {
        "resourceType": "lambda",
        "resource": "invoke",
        "region": "us-east-1",
        "timeoutInSeconds": 9,
    }
    assert events[3]["taskStartedEventDetails"] == {"resourceType": "lambda", "resource": "invoke"}
    assert json.loads(events[4]["taskSucceededEventDetails"]["output"])["Payload"] == {"x": 1}


def test_a_function_by_its_arn_has_events_of_its_own(functions: Functions, machines: Machines) -> None:
    function = functions.create("def handler(event, context): raise KeyError('x')")
    events = ran(machines, {"Type": "Task", "Resource": function})
    assert [event["type"] for event in events[2:]] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionFailed",
        "ExecutionFailed",
    ]
    assert events[2]["lambdaFunctionScheduledEventDetails"]["resource"] == function
    assert events[4]["lambdaFunctionFailedEventDetails"]["error"] == "KeyError"


def test_a_task_that_times_out_says_so(functions: Functions, machines: Machines) -> None:
    function = functions.create("import time\ndef handler(event, context): time.sleep(3)", Timeout=10)
    events = ran(machines, {"Type": "Task", "Resource": function, "TimeoutSeconds": 1})
    assert events[-2]["type"] == "LambdaFunctionTimedOut"
    assert events[-2]["lambdaFunctionTimedOutEventDetails"]["error"] == "States.Timeout"


def test_a_sdk_s_task_names_its_service(machines: Machines) -> None:
    resource = "arn:aws:states:::aws-sdk:sfn:listActivities"
    events = ran(machines, {"Type": "Task", "Resource": resource, "Parameters": {}})
    named = {"resourceType": "aws-sdk:sfn", "resource": "listActivities"}
    assert named.items() <= events[2]["taskScheduledEventDetails"].items()


def test_an_inline_map_tells_of_its_iterations(machines: Machines) -> None:
    events = ran(machines, {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": PASS}, ["x", "y"])
    assert chain(events)[1:] == [
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 4, "PassStateEntered"),
        (6, 5, "PassStateExited"),
        (7, 6, "MapIterationSucceeded"),
        (8, 3, "MapIterationStarted"),
        (9, 8, "PassStateEntered"),
        (10, 9, "PassStateExited"),
        (11, 10, "MapIterationSucceeded"),
        (12, 11, "MapStateSucceeded"),
        (13, 11, "MapStateExited"),
        (14, 13, "ExecutionSucceeded"),
    ]
    assert events[2]["mapStateStartedEventDetails"] == {"length": 2}
    assert events[7]["mapIterationStartedEventDetails"] == {"name": "One", "index": 1}
    assert events[8]["stateEnteredEventDetails"]["input"] == '"y"'


def test_an_iteration_that_fails_fails_the_map(machines: Machines) -> None:
    bad = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
    events = ran(machines, {"Type": "Map", "ItemProcessor": bad}, [1])
    assert chain(events)[3:] == [
        (4, 3, "MapIterationStarted"),
        (5, 4, "FailStateEntered"),
        (6, 5, "MapIterationFailed"),
        (7, 5, "MapStateFailed"),
        (8, 7, "ExecutionFailed"),
    ]


def test_the_events_of_a_branch_follow_one_another(machines: Machines) -> None:
    def branch(name: str) -> dict[str, Any]:
        return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}

    events = ran(machines, {"Type": "Parallel", "Branches": [branch("A"), branch("B")]})
    by_id = {event["id"]: event for event in events}
    assert events[2]["type"] == "ParallelStateStarted"
    for name in "AB":
        (exited,) = (each for each in events if each.get("stateExitedEventDetails", {}).get("name") == name)
        entered = by_id[exited["previousEventId"]]
        assert entered["stateEnteredEventDetails"]["name"] == name
        assert entered["previousEventId"] == 3
    assert [event["type"] for event in events[-3:]] == [
        "ParallelStateSucceeded",
        "ParallelStateExited",
        "ExecutionSucceeded",
    ]
    assert events[-3]["previousEventId"] == events[-2]["previousEventId"] == 7
