"""Job definitions that Batch refuses."""

from typing import Any

import pytest

from sluice_local.batch.model import RequestRefusedError
from sluice_local.batch.rules.registration import check_definition

ROLE = "arn:aws:iam::000000000000:role/execution"


def needs(vcpu: str, memory: str) -> list[dict[str, str]]:
    return [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}]


def container(**fields: Any) -> dict[str, Any]:
    return {"image": "x", "resourceRequirements": needs("1", "2048"), **fields}


def definition(**fields: Any) -> dict[str, Any]:
    return {"jobDefinitionName": "d", "type": "container", "containerProperties": container(), **fields}


def fargate(**fields: Any) -> dict[str, Any]:
    properties = container(executionRoleArn=ROLE, **fields)
    return definition(platformCapabilities=["FARGATE"], containerProperties=properties)


def multinode(main: int = 0, **fields: Any) -> dict[str, Any]:
    nodes = [{"targetNodes": "0:1", "container": container(**fields)}]
    properties = {"numNodes": 2, "mainNode": main, "nodeRangeProperties": nodes}
    return {"jobDefinitionName": "d", "type": "multinode", "nodeProperties": properties}


def ecs(**fields: Any) -> dict[str, Any]:
    task = {"containers": [container(name="main", **fields)], "executionRoleArn": ROLE}
    return {"jobDefinitionName": "d", "type": "container", "ecsProperties": {"taskProperties": [task]}}


@pytest.mark.parametrize(
    "request_",
    [
        definition(),
        definition(containerProperties={"image": "x", "vcpus": 1, "memory": 4}),
        fargate(),
        fargate(resourceRequirements=needs("0.25", "512")),
        fargate(resourceRequirements=needs("8", "20480"), privileged=False),
        fargate(linuxParameters={"initProcessEnabled": True}),
        multinode(main=1),
        ecs(),
        {**ecs(), "platformCapabilities": ["FARGATE"]},
    ],
)
def test_a_definition_that_fits_is_taken(request_: dict[str, Any]) -> None:
    check_definition(request_)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (definition(containerProperties={"image": "x"}), "containerProperties asks for no MEMORY"),
        (
            definition(containerProperties=container(resourceRequirements=needs("1", "2048")[1:])),
            "asks for no VCPU",
        ),
        (
            definition(containerProperties=container(resourceRequirements=needs("1", "3"))),
            "at least 4 are needed",
        ),
        (definition(containerProperties={"image": "x", "vcpus": 1, "memory": 3}), "memory is 3 MiB"),
        (definition(containerProperties=container(resourceRequirements=needs("1", "2GB"))), "'2GB'"),
        (
            definition(containerProperties=container(environment=[{"name": "AWS_BATCH_X", "value": "1"}])),
            "'AWS_BATCH_X'; names that begin with AWS_BATCH are Batch's own",
        ),
        (definition(tags={"aws:x": "1"}), "keys that begin with aws: are AWS's own"),
        (definition(platformCapabilities=["FARGATE"]), "executionRoleArn is missing"),
        (fargate(resourceRequirements=needs("1", "4000")), "for VCPU 1; Fargate has 2048, 3072, .*, 8192$"),
        (fargate(resourceRequirements=needs("3", "8192")), "VCPU is '3'; Fargate has 0.25, 0.5, 1"),
        (
            fargate(resourceRequirements=[*needs("1", "2048"), {"type": "GPU", "value": "1"}]),
            "has GPU; Fargate has none",
        ),
        (fargate(privileged=True), "has privileged, which Fargate does not support"),
        (fargate(linuxParameters={"swappiness": 0}), "linuxParameters.swappiness, which Fargate"),
        (fargate(vcpus=1), "has vcpus, which Fargate does not support"),
        (multinode(main=2), "mainNode is 2; it must be below numNodes, 2"),
        (multinode(resourceRequirements=[]), r"nodeRangeProperties\[0\].container asks for no MEMORY"),
        ({**multinode(), "platformCapabilities": ["FARGATE"]}, "nodeProperties are not for Fargate"),
        (ecs(image=""), r"taskProperties\[0\].containers\[0\] needs an image"),
        ({**definition(), **ecs()}, "needs containerProperties or ecsProperties, and has"),
        (definition(containerProperties=None), "and has neither"),
        ({**definition(), "eksProperties": {"podProperties": {}}}, "Amazon EKS"),
    ],
)
def test_a_definition_is_refused_with_what_is_allowed(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        check_definition(request_)
