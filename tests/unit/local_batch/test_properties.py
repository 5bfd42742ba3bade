"""Properties of templates."""

from typing import Any

import pytest

from sluice_local.batch.model import RequestRefusedError
from sluice_local.batch.properties import request_of


def test_batchs_words_are_translated_and_the_users_are_not() -> None:
    properties = {
        "JobDefinitionName": "Align",
        "Parameters": {"Sample": "NA0"},
        "Tags": {"Team": "Lab"},
        "ContainerProperties": {
            "Environment": [{"Name": "Mode", "Value": "Fast"}],
            "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-Group": "/X"}},
        },
    }
    assert request_of("RegisterJobDefinition", properties) == {
        "jobDefinitionName": "Align",
        "parameters": {"Sample": "NA0"},
        "tags": {"Team": "Lab"},
        "containerProperties": {
            "environment": [{"name": "Mode", "value": "Fast"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-Group": "/X"}},
        },
    }


def test_values_become_what_batch_reads() -> None:
    resources = [{"Type": "MEMORY", "Value": 2048}]
    properties = {
        "PropagateTags": "true",
        "Timeout": {"AttemptDurationSeconds": "90"},
        "ContainerProperties": {"ResourceRequirements": resources},
    }
    assert request_of("RegisterJobDefinition", properties) == {
        "propagateTags": True,
        "timeout": {"attemptDurationSeconds": 90},
        "containerProperties": {"resourceRequirements": [{"type": "MEMORY", "value": "2048"}]},
    }


def test_acronyms_keep_batchs_own_spelling() -> None:
    request = request_of(
        "CreateComputeEnvironment", {"ComputeResources": {"MaxvCpus": 4}, "UnmanagedvCpus": 1}
    )
    assert request == {"computeResources": {"maxvCpus": 4}, "unmanagedvCpus": 1}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Prioritty": 1}, "unsupported property /Prioritty"),
        (
            {"ComputeEnvironmentOrder": [{"Order": 1, "Compute": "x"}]},
            "/ComputeEnvironmentOrder/0/Compute",
        ),
        ({"Priority": "first"}, "/Priority is 'first'; Batch expects a integer"),
        ({"ComputeEnvironmentOrder": "spot"}, "expects a list"),
        ({"State": ["ENABLED"]}, "expects a string"),
    ],
)
def test_a_property_that_batch_does_not_have_is_refused_by_its_path(
    properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        request_of("CreateJobQueue", properties)
