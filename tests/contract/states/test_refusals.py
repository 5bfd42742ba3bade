"""Requests that AWS refuses are refused over the wire, by the model or in Step Functions' own words."""

from typing import Any

import pytest
from botocore.config import Config

from sluice_local.server import LocalAws
from tests.support.building import ROLE_ARN, Machines, refused


@pytest.fixture
def unchecked(local_aws: LocalAws) -> Any:
    """A client that sends what botocore would not."""
    return local_aws.client("stepfunctions", config=Config(parameter_validation=False))


@pytest.mark.parametrize(
    ("operation", "arguments", "error"),
    [
        ("start_execution", {}, "ValidationException"),
        ("start_execution", {"stateMachineArn": "nonsense"}, "InvalidArn"),
        ("create_state_machine", {"name": "m", "roleArn": ROLE_ARN}, "ValidationException"),
        (
            "create_state_machine",
            {"name": "m", "roleArn": ROLE_ARN, "definition": "[1]"},
            "InvalidDefinition",
        ),
        ("create_activity", {"name": "n" * 81}, "ValidationException"),
        ("create_activity", {"name": "a b"}, "InvalidName"),
        ("send_task_success", {"taskToken": "t"}, "ValidationException"),
        ("list_state_machines", {"maxResults": 1001}, "ValidationException"),
        ("redrive_execution", {"executionArn": "nonsense"}, "InvalidArn"),
    ],
    ids=str,
)
def test_it_is_told_and_nothing_breaks(unchecked: Any, operation: str, arguments: Any, error: str) -> None:
    assert refused(lambda: getattr(unchecked, operation)(**arguments)) == error


@pytest.mark.parametrize(
    ("operation", "error"),
    [("list_executions", "StateMachineDoesNotExist"), ("tag_resource", "ResourceNotFound")],
)
def test_what_is_not_there_is_told(states: Any, machines: Machines, operation: str, error: str) -> None:
    arn = f"{machines.create({'StartAt': 'P', 'States': {'P': {'Type': 'Succeed'}}})}-gone"
    given = {"stateMachineArn": arn} if operation == "list_executions" else {"resourceArn": arn, "tags": []}
    assert refused(lambda: getattr(states, operation)(**given)) == error


def test_an_input_of_more_than_256_kib_is_refused(states: Any, machines: Machines) -> None:
    arn = machines.create({"StartAt": "P", "States": {"P": {"Type": "Succeed"}}})
    long = refused(lambda: states.start_execution(stateMachineArn=arn, input='"' + "x" * 262_143 + '"'))
    assert long == "ValidationException"
