"""Batch's words as Step Functions has them, held against botocore's model of Batch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice.batch_words import MAPS, TEXTS, WHOLES, fitted, job_document, request_of
from tests.support.fakes import BATCH_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

REQUEST: Any = BATCH_MODEL.operation_model("SubmitJob").input_shape
DESCRIBED: Any = BATCH_MODEL.operation_model("DescribeJobs").output_shape
JOB: Any = DESCRIBED.members["jobs"].member


def members(shape: Shape, name: str = "", seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Every member below a shape with the kind of value it has, that of a list's entries included."""
    if shape.type_name == "list":
        yield from members(shape.member, name, seen)  # type: ignore[attr-defined]
        return
    yield name, shape.type_name
    if shape.type_name == "structure" and shape.name not in seen:
        for each, inner in shape.members.items():  # type: ignore[attr-defined]
            yield from members(inner, each, seen | {shape.name})


def of_kind(shape: Shape, *kinds: str) -> set[str]:
    return {name for name, kind in members(shape) if kind in kinds}


def test_every_member_of_a_request_is_known_by_its_kind() -> None:
    assert of_kind(REQUEST, "string") == TEXTS
    assert of_kind(REQUEST, "integer", "long") == WHOLES
    assert of_kind(REQUEST, "boolean") == {"propagateTags"}
    assert of_kind(REQUEST, "map") | of_kind(JOB, "map") == MAPS
    kinds = [name for name, _ in set(members(REQUEST))]
    assert sorted(kinds) == sorted(set(kinds))  # no name of two kinds


def test_no_member_is_deeper_than_is_looked() -> None:
    def depth(shape: Any, seen: frozenset[str] = frozenset()) -> int:
        inner = {
            "structure": lambda: list(shape.members.values()),
            "list": lambda: [shape.member],
            "map": lambda: [shape.value],
        }.get(shape.type_name, list)()
        if shape.name in seen:
            return 0
        return 1 + max((depth(each, seen | {shape.name}) for each in inner), default=0)

    assert depth(REQUEST) <= 24
    assert depth(JOB) <= 24


@pytest.mark.parametrize("upper", [True, False])
def test_a_state_s_arguments_become_a_request(upper: bool) -> None:
    def name(text: str) -> str:
        return text if upper else text[:1].lower() + text[1:]

    given = {
        name("JobName"): 7,
        name("Parameters"): {"Sample": "NA1", "depth": 0.4, "left": None, "dry": True},
        name("ContainerOverrides"): {
            name("Environment"): [{name("Name"): "N", name("Value"): 3}, None],
            name("Command"): ["echo", 1],
        },
        name("RetryStrategy"): {name("Attempts"): "2"},
        name("PropagateTags"): "true",
        name("Timeout"): None,
        name("Tags"): {"Team": "x"},
    }
    assert request_of(given) == {
        "jobName": "7",
        "parameters": {"Sample": "NA1", "depth": "0.4", "dry": "true"},
        "containerOverrides": {"environment": [{"name": "N", "value": "3"}], "command": ["echo", "1"]},
        "retryStrategy": {"attempts": 2},
        "propagateTags": True,
        "tags": {"Team": "x"},
    }


def test_a_job_is_told_in_step_functions_words() -> None:
    detail = {
        "jobId": "1",
        "parameters": {"sample": "NA1"},
        "attempts": [{"container": {"exitCode": 0}}],
        "container": {"logConfiguration": {"options": {"awslogs-group": "g"}}, "vcpus": 1},
        "arrayProperties": {"statusSummary": {"FAILED": 1}, "size": 2},
    }
    assert job_document(detail) == {
        "JobId": "1",
        "Parameters": {"sample": "NA1"},
        "Attempts": [{"Container": {"ExitCode": 0}}],
        "Container": {"LogConfiguration": {"Options": {"awslogs-group": "g"}}, "Vcpus": 1},
        "ArrayProperties": {"StatusSummary": {"FAILED": 1}, "Size": 2},
    }


@pytest.mark.parametrize("most", [40_000, 5_000, 1_800])
def test_a_job_that_is_too_long_keeps_its_facts(most: int) -> None:
    environment = [{"Name": f"N{number}", "Value": "x" * 100} for number in range(300)]
    container = {"ExitCode": 3, "LogStreamName": "l", "Environment": environment, "Command": ["c" * 4_000]}
    attempts = [{"Container": {"ExitCode": 3}, "StatusReason": "r" * 100}] * 10
    whole = {"JobId": "1", "Status": "FAILED", "Container": container, "Attempts": attempts}
    text = fitted(whole, most)
    assert len(text) <= most
    told = json.loads(text)
    assert (told["JobId"], told["Container"]["ExitCode"]) == ("1", 3)
    assert isinstance(told["Attempts"], list)
    assert fitted(whole, 10**6) == json.dumps(whole)
