"""Requests that Step Functions refuses in words of its own."""

from typing import Any

import pytest

from sluice_local.engine.stepfunctions.requests import refusal_of

MACHINE = {"stateMachineArn": "arn:aws:states:eu-west-1:111122223333:stateMachine:m"}


@pytest.mark.parametrize(
    ("operation", "request_", "error"),
    [
        *(
            ("StartExecution", {**MACHINE, "name": f"a{bad}b"}, "InvalidName")
            for bad in ' \t<{]?*"#%\\^|~`$&,;:/\x01\x85'
        ),
        ("CreateActivity", {"name": "a b"}, "InvalidName"),
        ("CreateStateMachine", {"name": "a,b"}, "InvalidName"),
        ("CreateStateMachine", {"name": "m", "roleArn": "any"}, "InvalidArn"),
        ("CreateStateMachine", {"name": "m", "versionDescription": "x"}, "ValidationException"),
        ("DescribeExecution", {"executionArn": "nonsense"}, "InvalidArn"),
        ("StartExecution", {**MACHINE, "input": "{"}, "InvalidExecutionInput"),
        ("StartExecution", {**MACHINE, "input": ""}, "InvalidExecutionInput"),
        ("ListStateMachines", {"nextToken": "nonsense"}, "InvalidToken"),
        ("ListExecutions", {}, "ValidationException"),
        ("ListExecutions", {**MACHINE, "mapRunArn": "arn:aws:states:::mapRun:m"}, "ValidationException"),
        ("UpdateStateMachine", MACHINE, "MissingRequiredParameter"),
        ("TagResource", {"tags": [{"key": f"k{n}", "value": ""} for n in range(51)]}, "TooManyTags"),
        ("TagResource", {"tags": [{"key": "aws:k", "value": ""}]}, "ValidationException"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_refused(operation: str, request_: dict[str, Any], error: str) -> None:
    refusal = refusal_of(operation, request_)
    assert refusal is not None
    assert refusal[0] == error


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("StartExecution", {**MACHINE, "name": "trio.1.NA06989(+)@é", "input": "1"}),
        (
            "CreateStateMachine",
            {"name": "m", "versionDescription": "x", "publish": True, "roleArn": "arn:aws:iam::1:role/r"},
        ),
        ("UpdateStateMachine", {**MACHINE, "definition": "{}"}),
        ("ListExecutions", {**MACHINE, "nextToken": "any"}),
        ("ListStateMachines", {"nextToken": "100"}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_taken(operation: str, request_: dict[str, Any]) -> None:
    assert refusal_of(operation, request_) is None
