"""Two stacks that share one rate table, and somebody who submits without Sluice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sluice_local.quotas import quota_of
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines, make_role
from tests.support.recipe import recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTA = 10
RATE = {"SubmitRatePerSecond": "9.8", "SubmitBurst": "5"}
TASKS = 30
SUBMITTING = """
batch = boto3.client("batch")
for number in range({}):
    batch.submit_job(jobName=f"foreign-{{number}}", jobQueue="{}", jobDefinition="{}")
"""


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


def run_recipe(stack: Stack, definition: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Submits jobs with a program that begins with the lines of the page on deploying."""
    program = f"{recipe()}{SUBMITTING.format(TASKS, stack.outputs['JobQueueArn'], definition)}"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # its standard error is open until `sluice reserve`, which shares it, has ended too
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**stack.aws.environment(), "PATH": path, **variables},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


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
    foreign = run_recipe(first, definition, {})
    assert foreign.returncode == 0, foreign.stderr
    assert all(owned.ended(each, within_seconds=60)["status"] == "SUCCEEDED" for owned, each in started)
    submitted = first.aws.page("calls")["calls"]["Batch.SubmitJob"]
    assert (submitted["count"], submitted["throttled"]) == (3 * TASKS, 0)
    # the limiters are shared, and each stack has slots of its own
    assert second.outputs["RateTableName"] == first.outputs["RateTableName"]
    assert {"SubmitJob", "sluice/slot-0", "second/slot-0"} <= rate_items(first)
    assert not [name for name in rate_items(first) if name.startswith("slot-")]


def test_a_foreign_client_that_gets_no_slots_makes_no_call(stacks: tuple[Stack, Stack]) -> None:
    first = stacks[0]
    before = first.aws.page("calls")["calls"]["Batch.SubmitJob"]["count"]
    foreign = run_recipe(first, first.job_definition("never", "true"), {"SLUICE_STACK": "nowhere"})
    assert foreign.returncode == 1
    assert "nowhere" in foreign.stderr
    assert "sluice reserve has ended" in foreign.stderr
    assert first.aws.page("calls")["calls"]["Batch.SubmitJob"]["count"] == before


def test_a_stack_that_shares_a_table_has_none_of_its_own(stacks: tuple[Stack, Stack]) -> None:
    resources = stacks[1].aws.client("cloudformation").describe_stack_resources(StackName="second")
    assert "RateTable" not in {each["LogicalResourceId"] for each in resources["StackResources"]}
