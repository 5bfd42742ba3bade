"""A permission that a deployment has given is in force only seconds later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import deployed
from tests.support.building import Machines, eventually, make_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.stack.stack import Stack

DELAY_SECONDS = 6


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    settings = LocalSettings(activity_poll_seconds=1, enforce_iam=True, iam_delay_seconds=DELAY_SECONDS)
    with LocalAws(settings) as aws:
        make_role(aws.client("iam"))
        yield aws


def make_queue(batch: Any, name: str) -> str:
    """A queue that is none of the stack's own; returns its ARN."""
    resources = {"type": "FARGATE", "maxvCpus": 8, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    environment = batch.create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", computeResources=resources
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    queue = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    return str(queue["jobQueueArn"])


def may_work(stack: Stack) -> bool:
    """Whether the permissions of the first deployment are in force."""
    answer = stack.aws.client("lambda").invoke(
        FunctionName=stack.physical("EnsurePollersFunction"), Payload=b"{}"
    )
    return "FunctionError" not in answer


def refusals(stack: Stack, queue: str) -> int:
    """How often SubmitJob was refused on a queue."""
    return sum(
        each["count"]
        for each in stack.aws.page("iam")["decisions"]
        if (each["action"], each["resource"], each["allowed"]) == ("batch:SubmitJob", queue, False)
    )


def test_a_task_that_comes_before_its_permission_waits_for_it(aws: LocalAws, unique: str) -> None:
    # GIVEN a stack that works on one queue
    batch = aws.client("batch")
    old, new = (make_queue(batch, f"{unique}-{name}") for name in ("old", "new"))
    stack = deployed(aws, unique, JobQueueArns=old)
    machines, definition = Machines(stack.states, unique), stack.job_definition(unique, "true")
    eventually(lambda: may_work(stack), within_seconds=DELAY_SECONDS + 20)
    first = stack.machine(machines, {**stack.job("only", definition), "jobQueue": old}, name="-old")
    assert machines.ended(machines.start(first), within_seconds=60)["status"] == "SUCCEEDED"
    # WHEN it is given another queue, and a task for it comes at once
    deployed(aws, unique, JobQueueArns=f"{old},{new}")
    second = stack.machine(machines, {**stack.job("only", definition), "jobQueue": new}, name="-new")
    ended = machines.ended(machines.start(second), within_seconds=60)
    # THEN Batch refuses its job at first, and runs it in the end
    assert refusals(stack, new) > 0
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
