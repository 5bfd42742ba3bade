"""What a Task state may give to Batch."""

from typing import Any

import pytest

from sluice_local.api_models.checking import service_model
from sluice_local.engine.stepfunctions.batch_arguments import ArgumentsError, request_of

JOB = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}
SUBMIT_JOB = service_model("batch").operation_model("SubmitJob").input_shape


def made(**arguments: Any) -> dict[str, Any]:
    request = request_of({**JOB, **arguments}, SUBMIT_JOB)
    return {name: value for name, value in request.items() if recased(name) not in JOB}


def recased(name: str) -> str:
    return name[0].upper() + name[1:]


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ({"ArrayProperties": {"Size": "3"}}, {"arrayProperties": {"size": 3}}),
        ({"ArrayProperties": None}, {}),
        ({"PropagateTags": "true"}, {"propagateTags": True}),
        (
            {"Parameters": {"any Word": 5, "no": None, "yes": True}},
            {"parameters": {"any Word": "5", "yes": "true"}},
        ),
        (
            {
                "ContainerOverrides": {
                    "Environment": [{"Name": "A", "Value": 1.5}, {"Name": "B", "Value": None}]
                }
            },
            {"containerOverrides": {"environment": [{"name": "A", "value": "1.5"}, {"name": "B"}]}},
        ),
        (
            {"ContainerOverrides": {"ResourceRequirements": [{"Type": "MEMORY", "Value": 512}]}},
            {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "512"}]}},
        ),
    ],
)
def test_nulls_are_left_out_and_numbers_become_what_batch_takes(
    arguments: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert made(**arguments) == request_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"jobName": "x"}, 'The field "jobName" is not supported by Step Functions'),
        ({"ContainerOverrides": {"command": []}}, 'The field "command" is not supported'),
        ({"ArrayProperties": {"Size": "three"}}, "The value of the field 'Size' has an invalid format"),
        ({"ContainerOverrides": {"Command": "ls"}}, "The value of the field 'Command' has an invalid format"),
        ({"Parameters": {"x": {"y": 1}}}, "The value of the field 'x' has an invalid format"),
        ({"PropagateTags": "yes"}, "The value of the field 'PropagateTags' has an invalid format"),
    ],
)
def test_other_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentsError, match=message):
        made(**arguments)


def test_missing_arguments_are_named_at_once() -> None:
    with pytest.raises(ArgumentsError, match='"JobName" is required but was missing, The field "JobQueue"'):
        request_of({"JobDefinition": "d"}, SUBMIT_JOB)
