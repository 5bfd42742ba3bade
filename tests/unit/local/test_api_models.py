"""What the services' own models refuse."""

import re
from typing import Any

import pytest

from sluice_local.api_models.checking import request_problems, without_nulls
from tests.unit.local_batch.building import REQUEST


def problems(**extra: Any) -> str:
    """What is said of a SubmitJob request that differs so from the usual one."""
    return "; ".join(request_problems("batch", "SubmitJob", without_nulls({**REQUEST, **extra})))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"jobName": None}, "^jobName is missing$"),
        ({"jobName": 5}, "jobName is 5; it must be of type string"),
        ({"jobQueue": None, "parameters": []}, "jobQueue is missing; parameters is .*of type map"),
        ({"arrayProperties": {"size": "2"}}, "arrayProperties.size is '2'; it must be of type integer"),
        ({"arrayProperties": {"size": True}}, "it must be of type integer"),
        ({"propagateTags": 1}, "propagateTags is 1; it must be of type boolean"),
        ({"dependsOn": [{"jobId": "a", "type": "ALL"}]}, r"dependsOn\[0\].type is 'ALL'; N_TO_N, SEQUENTIAL"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "VCPU"}]}}, r"\[0\].value is missing"),
        ({"retryStrategy": {"evaluateOnExit": [{"action": "STOP"}]}}, "action is 'STOP'; RETRY, EXIT"),
        ({"tags": {"k": "v" * 257}}, "tags.k has a length of 257; at most 256"),
        ({"tags": {"k" * 129: "v"}}, "the key .* of tags has a length of 129; at most 128"),
        ({"tags": {"": "v"}}, "the key '' of tags is empty"),
        ({"tags": {f"k{number}": "" for number in range(51)}}, "tags has a length of 51; at most 50"),
    ],
)
def test_a_request_is_refused_with_the_member_and_what_is_allowed(extra: Any, message: str) -> None:
    assert re.search(message, problems(**extra))


@pytest.mark.parametrize(
    "extra",
    [
        {"retryStrategy": {"evaluateOnExit": [{"action": "retry", "onReason": "*"}]}},
        {"tags": {"k" * 128: "v" * 256}},
        {"containerOverrides": {"environment": [{"name": "A", "value": None}], "command": None}},
        {"somethingNew": {"x": 1}},
        {"tags": {}},
    ],
)
def test_nulls_unknown_members_and_actions_in_any_case_are_taken(extra: Any) -> None:
    assert problems(**extra) == ""


def test_an_operation_that_the_model_does_not_know_is_not_checked() -> None:
    assert request_problems("batch", "EndEverything", {"jobs": 5}) == []


MACHINE = {"stateMachineArn": "arn:aws:states:eu-west-1:111122223333:stateMachine:m"}


@pytest.mark.parametrize(
    ("service", "operation", "request_", "message"),
    [
        ("stepfunctions", "StartExecution", {}, "stateMachineArn is missing"),
        (
            "stepfunctions",
            "StartExecution",
            {**MACHINE, "name": ""},
            "name is empty; at least 1 character is",
        ),
        ("stepfunctions", "StartExecution", {**MACHINE, "name": "n" * 81}, "length of 81; at most 80"),
        ("stepfunctions", "StartExecution", {**MACHINE, "traceHeader": "\u00e9"}, "it must match"),
        (
            "stepfunctions",
            "ListExecutions",
            {**MACHINE, "maxResults": 1001},
            "is 1001; 0 to 1000 are allowed",
        ),
        ("stepfunctions", "ListExecutions", {**MACHINE, "statusFilter": "OVER"}, "RUNNING, SUCCEEDED"),
        ("stepfunctions", "TagResource", {"resourceArn": "a", "tags": [{"key": "k" * 129}]}, "length of 129"),
        ("events", "PutEvents", {"Entries": []}, "Entries is empty; at least 1 is needed"),
        ("events", "PutRule", {"Name": "a b"}, "Name is 'a b'; it must match"),
        ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "logGroupName is 'a b'; it must match"),
    ],
)
def test_lengths_ranges_words_and_patterns_are_those_of_each_service(
    service: str, operation: str, request_: dict[str, Any], message: str
) -> None:
    assert re.search(message, "; ".join(request_problems(service, operation, request_)))


def test_nulls_are_taken_out_wherever_they_stand() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 0}], "e": {"f": None}}) == {
        "b": [{"d": 0}],
        "e": {},
    }
