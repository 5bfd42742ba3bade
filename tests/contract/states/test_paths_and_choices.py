"""Executions fail where a path leads nowhere, as on AWS."""

from typing import Any

import pytest
from botocore.config import Config

from sluice_local.server import LocalAws
from tests.support.building import Functions, Machines

ECHO = "def handler(event, context): return event"
INPUT = {"a": 1, "b": 2, "c": 3}


def one(state: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "One", "States": {"One": {"End": True, **state}, **more}}


def test_an_output_path_with_several_names_gives_them(machines: Machines) -> None:
    arn = machines.create(one({"Type": "Pass", "OutputPath": "$['a','b','gone']"}))
    assert machines.output(arn, INPUT) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"InputPath": "$.gone"}, "Invalid path '$.gone' : No results for path: $['gone']"),
        ({"OutputPath": "$.gone.x"}, "Invalid path '$.gone.x' : Missing property in path $['gone']"),
        (
            {"Parameters": {"x.$": "$.gone"}},
            "The JSONPath '$.gone' specified for the field 'x.$' could not be found in the input",
        ),
        ({"Parameters": {"x": [[{"y.$": "$.gone"}]]}}, "specified for the field 'y.$' could not be found"),
        ({"Parameters": {"x.$": "$$.Execution.Input.gone"}}, "'$$.Execution.Input.gone' specified for"),
    ],
)
def test_a_path_that_leads_nowhere_ends_the_execution(
    machines: Machines, state: dict[str, Any], told: str
) -> None:
    described = machines.ended(machines.start(machines.create(one({"Type": "Pass", **state})), INPUT))
    assert described["error"] == "States.Runtime"
    begin = "An error occurred while executing the state 'One' (entered at the event id #2). "
    assert described["cause"].startswith(begin)
    assert told in described["cause"]
    assert "output" not in described


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ResultSelector": {"x.$": "$.gone"}}, "could not be found in the input"),
        ({"OutputPath": "$.gone"}, "No results for path"),
    ],
)
def test_no_retry_and_no_catch_of_all_errors_hides_it(
    functions: Functions, machines: Machines, fields: dict[str, Any], told: str
) -> None:
    everything = {"ErrorEquals": ["States.ALL"]}
    task = {
        "Type": "Task",
        "Resource": functions.create(ECHO),
        "Retry": [{**everything, "IntervalSeconds": 1}],
        "Catch": [{**everything, "Next": "Caught"}],
        **fields,
    }
    execution = machines.start(machines.create(one(task, Caught={"Type": "Succeed"})), INPUT)
    described = machines.ended(execution)
    assert described["error"] == "States.Runtime"
    assert told in described["cause"]
    assert machines.events(execution)[-2:] == ["LambdaFunctionSucceeded", "ExecutionFailed"]


def test_a_result_selector_sees_the_context_object(functions: Functions, machines: Machines) -> None:
    selector = {"state.$": "$$.State.Name", "a.$": "$.a"}
    task = {"Type": "Task", "Resource": functions.create(ECHO), "ResultSelector": selector}
    assert machines.output(machines.create(one(task)), INPUT) == {"state": "One", "a": 1}


@pytest.mark.parametrize(
    ("path", "told"), [("$.gone", "No results for path"), ("$.a", "Reference path '$.a' must point to array")]
)
def test_a_map_needs_an_array(machines: Machines, path: str, told: str) -> None:
    inner = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemsPath": path, "ItemProcessor": inner}
    described = machines.ended(machines.start(machines.create(one(state)), INPUT))
    assert described["error"] == "States.Runtime"
    assert told in described["cause"]


def test_a_choice_on_a_variable_that_is_not_there_ends_the_execution(machines: Machines) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.gone", "StringEquals": "x", "Next": "Done"}],
        "Default": "Done",
    }
    arn = machines.create({"StartAt": "One", "States": {"One": choice, "Done": {"Type": "Succeed"}}})
    described = machines.ended(machines.start(arn, INPUT))
    assert described["error"] == "States.Runtime"
    assert "Invalid path '$.gone': The choice state's condition path references" in described["cause"]


def test_a_failing_intrinsic_function_has_aws_s_error(machines: Machines) -> None:
    state = {"Type": "Pass", "Parameters": {"x.$": "States.StringToJson($.a)"}}
    described = machines.ended(machines.start(machines.create(one(state)), INPUT))
    assert described["error"] == "States.IntrinsicFailure"


def test_a_result_path_into_what_is_no_object_fails(machines: Machines) -> None:
    described = machines.ended(
        machines.start(machines.create(one({"Type": "Pass", "Result": 1, "ResultPath": "$.a.b"})), INPUT)
    )
    assert described["error"] == "States.ResultPathMatchFailure"


def test_a_fail_state_may_name_neither_error_nor_cause(machines: Machines) -> None:
    arn = machines.create({"StartAt": "Bad", "States": {"Bad": {"Type": "Fail"}}})
    execution = machines.start(arn)
    described = machines.ended(execution)
    assert described["status"] == "FAILED"
    assert described.keys() & {"error", "cause", "output"} == set()
    assert (
        machines.states.get_execution_history(executionArn=execution)["events"][-1].get(
            "executionFailedEventDetails", {}
        )
        == {}
    )


@pytest.mark.parametrize(("characters", "status"), [(262_142, "SUCCEEDED"), (262_143, "FAILED")])
def test_a_state_s_output_has_its_limit(
    functions: Functions, machines: Machines, characters: int, status: str
) -> None:
    function = functions.create("def handler(event, context): return 'x' * event['characters']")
    task = {"Type": "Task", "Resource": function}
    described = machines.ended(machines.start(machines.create(one(task)), {"characters": characters}))
    assert described["status"] == status
    if status == "FAILED":
        assert described["error"] == "States.DataLimitExceeded"


def test_a_failed_synchronous_execution_has_no_output(local_aws: LocalAws, machines: Machines) -> None:
    arn = machines.create({"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "E"}}})
    states = local_aws.client("stepfunctions", Config(inject_host_prefix=False))
    answer = states.start_sync_execution(stateMachineArn=arn)
    assert (answer["status"], answer["error"]) == ("FAILED", "E")
    assert "output" not in answer
