"""Deployments that fail, that are refused, and that must not end what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from sluice_local.deploy import DeployError
from sluice_local.packaging import read_template
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import NETWORK
from tests.e2e.stack.stack import ROOT, deployed, deployed_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.stack.stack import Stack


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield aws


def environments(stack: Stack) -> list[str]:
    return [stack.physical(f"{kind}ComputeEnvironment") for kind in ("Spot", "OnDemand")]


def test_other_subnets_and_groups_keep_the_compute_environments_and_their_jobs(
    aws: LocalAws, unique: str
) -> None:
    stack = deployed(aws, unique)
    before = environments(stack)
    after = deployed(aws, unique, SubnetIds="subnet-b,subnet-c", SecurityGroupIds="sg-b")
    assert environments(after) == before
    found = stack.batch.describe_compute_environments(computeEnvironments=before)["computeEnvironments"]
    assert [each["computeResources"]["subnets"] for each in found] == [["subnet-b", "subnet-c"]] * 2


@pytest.mark.parametrize("missing", NETWORK)
def test_a_stack_that_would_make_a_queue_without_a_network_is_refused(
    aws: LocalAws, unique: str, missing: str
) -> None:
    with pytest.raises(DeployError, match=f"Give {missing}"):
        deployed(aws, unique, **{missing: ""})
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    assert unique not in [each["StackName"] for each in stacks]


def test_who_brings_a_queue_needs_no_network(aws: LocalAws, unique: str) -> None:
    queue = "arn:aws:batch:us-east-1:000000000000:job-queue/lab"
    stack = deployed(aws, unique, JobQueueArns=queue, **dict.fromkeys(NETWORK, ""))
    assert stack.outputs["JobQueueArn"] == queue


def test_a_first_deployment_that_fails_leaves_nothing(aws: LocalAws, unique: str, tmp_path: Path) -> None:
    # GIVEN a template whose last resource cannot be made
    template = read_template((ROOT / "template.yaml").read_text())
    retained = [name for name, each in template["Resources"].items() if "DeletionPolicy" in each]
    template["Resources"]["Broken"] = {
        "Type": "AWS::Batch::JobQueue",
        "DependsOn": retained,
        "Properties": {"Prioritty": 1},
    }
    for folder in ("functions", "statemachines"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    # WHEN it is deployed for the first time
    with pytest.raises(DeployError, match="Broken"):
        deployed_of(tmp_path / "template.yaml", aws, unique)
    # THEN no table and no bucket is left behind
    tables = aws.client("dynamodb").list_tables()["TableNames"]
    buckets = [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]
    assert [name for name in [*tables, *buckets] if name.startswith(unique)] == []


def test_a_stack_that_is_deleted_keeps_what_may_be_needed(aws: LocalAws, unique: str) -> None:
    stack = deployed(aws, unique)
    kept = {stack.physical(name) for name in ("TaskTable", "CohortTable", "DataBucket")}
    rates = stack.physical("RateTable")
    stack.delete()
    tables = aws.client("dynamodb").list_tables()["TableNames"]
    buckets = [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]
    assert kept <= {*tables, *buckets}
    assert rates not in tables
