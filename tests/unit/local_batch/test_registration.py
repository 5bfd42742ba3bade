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


def ec2(**fields: Any) -> dict[str, Any]:
    return definition(containerProperties=container(**fields))


def multinode(main: int = 0, targets: str = "0:1", **fields: Any) -> dict[str, Any]:
    nodes = [{"targetNodes": targets, "container": container(**fields)}]
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
        multinode(targets=":"),
        ec2(image="000000000000.dkr.ecr.eu-west-1.amazonaws.com/a/b@sha256:0a1"),
        definition(schedulingPriority=9999, tags={"größe": "a b+-=._:/@"}),
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
        (definition(tags={"k": "<v>"}), "tags has '<v>'; letters, numbers, spaces and"),
        (definition(schedulingPriority=10_000), "schedulingPriority is 10000; it must be 0 to 9999"),
        (ec2(image="a b"), "image is 'a b'; up to 255 letters"),
        (ec2(image="i" * 256), "up to 255 letters"),
        (ec2(environment=[{"value": "x"}]), "environment has an entry without a name"),
        (ec2(linuxParameters={"swappiness": 101}), "swappiness is 101; 0 to 100 are allowed"),
        (
            ec2(networkConfiguration={"assignPublicIp": "ENABLED"}),
            "networkConfiguration, which is for jobs on",
        ),
        (ec2(fargatePlatformConfiguration={"platformVersion": "LATEST"}), "is for jobs on Fargate only"),
        (fargate(ephemeralStorage={"sizeInGiB": 20}), "sizeInGiB is 20; 21 to 200 are allowed"),
        (fargate(ephemeralStorage={"sizeInGiB": 201}), "sizeInGiB is 201"),
        (fargate(runtimePlatform={"cpuArchitecture": "Z80"}), "is 'Z80'; X86_64 or ARM64 is needed"),
        (fargate(logConfiguration={"logDriver": "syslog"}), "'syslog'; Fargate has awslogs, splunk"),
        (fargate(volumes=[{"name": "v", "host": {"sourcePath": "/v"}}]), "paths of the host"),
        (multinode(targets="x"), "targetNodes is 'x'; a range such as 0:3 is needed"),
        (multinode(targets="0"), "must name all nodes from 0 to 1"),
        (multinode(targets="0:2"), "must name all nodes from 0 to 1"),
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
