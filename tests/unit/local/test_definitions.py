"""Invalid state machines are told with the place of the mistake."""

import json
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.definitions import definition_problems

END = {"Type": "Pass", "End": True}
JOB = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}


def submitting(arguments: Any, field: str = "Parameters") -> dict[str, Any]:
    resource = "arn:aws:states:::batch:submitJob.sync"
    return {"A": {"Type": "Task", "Resource": resource, field: arguments, "End": True}}


def problems(start_at: str, **states: Any) -> list[str]:
    return definition_problems(json.dumps({"StartAt": start_at, "States": states}))


def test_a_valid_machine_with_every_kind_of_transition_has_no_problem() -> None:
    inner = {"StartAt": "A", "States": {"A": END}}
    found = problems(
        "Choose",
        Choose={
            "Type": "Choice",
            "Choices": [{"Condition": "{% true %}", "Next": "Both"}],
            "Default": "Each",
        },
        Both={"Type": "Parallel", "Branches": [inner], "Next": "Each"},
        Each={"Type": "Map", "ItemProcessor": inner, "Next": "Work"},
        Work={
            "Type": "Task",
            "Resource": "arn",
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
        submitting("{% $states.input.job %}", "Arguments"),
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
        ({"B": END}, "StartAt names 'A'"),
        ({"A": {"Type": "Tsk", "End": True}}, "Type is 'Tsk'"),
        ({"A": {"Type": "Task", "End": True}}, "needs a Resource"),
        ({"A": {"Type": "Pass"}}, "Exactly one of Next and End"),
        ({"A": {"Type": "Pass", "Next": "A", "End": True}}, "Exactly one of Next and End"),
        ({"A": {"Type": "Pass", "Next": "B"}}, "leads to 'B'"),
        ({"A": {"Type": "Choice", "Choices": [], "Default": "B"}}, "leads to 'B'"),
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
        (submitting({**JOB, "NoSuch.$": "$"}, "Arguments"), "/States/A/Arguments"),
        (
            {"A": {"Type": "Parallel", "Branches": [{"StartAt": "X", "States": {}}], "End": True}},
            "/States/A/0",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(states: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in problems("A", **states))
