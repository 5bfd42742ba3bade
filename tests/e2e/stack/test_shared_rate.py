"""Two stacks that share one rate table, and somebody who submits without Sluice."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sluice_local.quotas import quota_of
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines, make_role

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTA = 10
RATE = {"SubmitRatePerSecond": "9.8", "SubmitBurst": "5"}
TASKS = 30


@pytest.fixture(scope="module")
def stacks() -> Iterator[tuple[Stack, Stack]]:
    quotas = {"Batch.SubmitJob": quota_of(QUOTA)}
    settings = LocalSettings(activity_poll_seconds=1, quotas=quotas, enforce_iam=True)
    with LocalAws(settings) as aws:
        make_role(aws.client("iam"))
        first = deployed(aws, **RATE)
        shared = {
            "RateTableName": first.outputs["RateTableName"],
            "JobQueueArns": first.outputs["JobQueueArn"],
        }
        yield first, deployed(aws, "second", **RATE, **shared)


def rate_items(stack: Stack) -> set[str]:
    items = stack.aws.client("dynamodb").scan(TableName=stack.outputs["RateTableName"])["Items"]
    return {item["name"]["S"] for item in items}


def test_two_stacks_and_a_foreign_client_share_one_limiter_and_nobody_is_throttled(
    stacks: tuple[Stack, Stack], unique: str
) -> None:
    first, second = stacks
    definition = first.job_definition("ok", "true")
    machines = [Machines(each.states, f"{unique}-{each.name}") for each in stacks]
    started = []
    for stack, owned in zip(stacks, machines, strict=True):
        machine = stack.machine(owned, stack.job("ok", definition))
        started += [(owned, owned.start(machine)) for _ in range(TASKS)]
    command = [sys.executable, "-m", "sluice_cli", "reserve", str(TASKS)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=first.aws.environment()
    ) as reserving:
        assert reserving.stdout is not None
        for line in reserving.stdout:
            name = f"foreign-{line.split()[0]}"
            first.batch.submit_job(
                jobName=name, jobQueue=first.outputs["JobQueueArn"], jobDefinition=definition
            )
    assert reserving.returncode == 0
    assert all(owned.ended(each, within_seconds=60)["status"] == "SUCCEEDED" for owned, each in started)
    submitted = first.aws.page("calls")["calls"]["Batch.SubmitJob"]
    assert (submitted["count"], submitted["throttled"]) == (3 * TASKS, 0)
    # the limiters are shared, and each stack has slots of its own
    assert second.outputs["RateTableName"] == first.outputs["RateTableName"]
    assert {"SubmitJob", "sluice/slot-0", "second/slot-0"} <= rate_items(first)
    assert not [name for name in rate_items(first) if name.startswith("slot-")]


def test_a_stack_that_shares_a_table_has_none_of_its_own(stacks: tuple[Stack, Stack]) -> None:
    resources = stacks[1].aws.client("cloudformation").describe_stack_resources(StackName="second")
    assert "RateTable" not in {each["LogicalResourceId"] for each in resources["StackResources"]}
