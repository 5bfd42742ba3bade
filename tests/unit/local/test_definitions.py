"""Invalid state machines are told with the place of the mistake."""

import json
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.definitions import definition_problems

END = {"Type": "Pass", "End": True}
JOB = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}


LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:work"


def submitting(arguments: Any, **fields: Any) -> dict[str, Any]:
    resource = "arn:aws:states:::batch:submitJob.sync"
    name = "Arguments" if "QueryLanguage" in fields else "Parameters"
    return {"A": {"Type": "Task", "Resource": resource, name: arguments, "End": True, **fields}}


def inner(name: str) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: END}}


def problems(start_at: str, **states: Any) -> list[str]:
    return definition_problems(json.dumps({"StartAt": start_at, "States": states}))


def test_a_valid_machine_with_every_kind_of_transition_has_no_problem() -> None:
    found = problems(
        "Choose",
        Choose={
            "Type": "Choice",
            "QueryLanguage": "JSONata",
            "Choices": [{"Condition": "{% true %}", "Next": "Both"}],
            "Default": "Each",
        },
        Both={"Type": "Parallel", "Branches": [inner("A")], "Next": "Each"},
        Each={"Type": "Map", "ItemProcessor": inner("B"), "Next": "Work"},
        Work={
            "Type": "Task",
            "Resource": LAMBDA,
            "Catch": [{"ErrorEquals": ["X"], "Next": "Bad"}],
            "Next": "Good",
        },
        Bad={"Type": "Fail"},
        Good={"Type": "Succeed"},
    )
    assert found == []


@pytest.mark.parametrize(
    "states",
    [
        submitting({**JOB, "Parameters": {"any word": "x"}, "ContainerOverrides.$": "$.sizes"}),
        submitting({**JOB, "ContainerOverrides": {"Environment": [{"Name": "A", "Value.$": "$.a"}]}}),
        submitting({**JOB, "ContainerOverrides": {"Environment": [{"Name": "A", "Value": None}]}}),
        submitting("{% $states.input.job %}", QueryLanguage="JSONata"),
    ],
)
def test_a_batch_job_s_arguments_may_come_at_run_time(states: dict[str, Any]) -> None:
    assert problems("A", **states) == []


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    assert definition_problems(text)[0].startswith("INVALID_JSON_DESCRIPTION")


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({}, "at least one state"),
        ({"B": END}, "MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt"),
        ({"A": {"Type": "Tsk", "End": True}}, "Type is 'Tsk'"),
        ({"A": {"Type": "Task", "End": True}}, "Missing field 'Resource' at /States/A"),
        ({"A": {"Type": "Pass"}}, "Exactly one of Next and End"),
        ({"A": {"Type": "Pass", "Next": "A", "End": True}}, "Exactly one of Next and End"),
        ({"A": {"Type": "Pass", "Next": "B"}}, "Missing 'Next' target: B at /States/A/Next"),
        ({"A": {"Type": "Choice", "Choices": [], "Default": "B"}}, "target: B at /States/A/Default"),
        (
            submitting({"jobName": "j", "JobQueue": "q", "JobDefinition": "d"}),
            'The field "jobName" is not supported by Step Functions at /States/A/Parameters',
        ),
        (
            submitting({"JobName": "j", "JobQueue.$": "$.q"}),
            'The field "JobDefinition" is required but was missing at /States/A/Parameters',
        ),
        (
            submitting({**JOB, "RetryStrategy": {"EvaluateOnExit": [{"onExitCode": "1"}]}}),
            'The field "onExitCode" is not supported',
        ),
        (submitting({**JOB, "NoSuch": 1}, QueryLanguage="JSONata"), "/States/A/Arguments"),
        (
            {"A": {"Type": "Parallel", "Branches": [{"StartAt": "X", "States": {}}], "End": True}},
            "There must be at least one state at /States/A/Branches[0]/States",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(states: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in problems("A", **states))
