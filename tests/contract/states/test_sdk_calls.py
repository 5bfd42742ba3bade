"""A state reads and writes objects of S3 by the SDK integration."""

import json
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import Machines

SDK = "arn:aws:states:::aws-sdk:s3:"


@pytest.fixture
def bucket(local_aws: LocalAws, unique: str) -> str:
    local_aws.client("s3").create_bucket(Bucket=unique)
    return unique


def call(action: str, following: str | None = None, **parameters: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": f"{SDK}{action}", "Parameters": parameters}
    return {**task, **({"Next": following} if following else {"End": True})}


def test_what_one_state_writes_the_next_one_reads(machines: Machines, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "a/b.json"}
    written = call("putObject", "Read", **place, Body={"x": [1]}, ContentType="application/json")
    read = {**call("getObject", **place), "ResultSelector": {"body.$": "$.Body", "type.$": "$.ContentType"}}
    arn = machines.create({"StartAt": "Write", "States": {"Write": written, "Read": read}})
    output = machines.output(arn)
    assert json.loads(output["body"]) == {"x": [1]}
    assert output["type"] == "application/json"


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("getObject", {"Key": "gone"}, "S3.NoSuchKeyException"),
        ("getObject", {"Ky": "gone"}, "States.Runtime"),
        ("getNothing", {}, "States.Runtime"),
    ],
)
def test_a_refusal_has_aws_s_error(
    machines: Machines, bucket: str, action: str, parameters: dict[str, Any], error: str
) -> None:
    machine = {"StartAt": "Call", "States": {"Call": call(action, Bucket=bucket, **parameters)}}
    assert machines.ended(machines.start(machines.create(machine)))["error"] == error
