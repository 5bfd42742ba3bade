"""Whether arrays gain anything in a queue: the adapter on the compute environments of Local AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.launches import AGAIN_SECONDS, QueueLaunches
from tests.support.fakes import FakeClock

if TYPE_CHECKING:
    from sluice_local.server import LocalAws


def make_queue(batch: Any, name: str, *environments: str) -> str:
    order = [{"order": number, "computeEnvironment": each} for number, each in enumerate(environments)]
    made = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    return str(made["jobQueueArn"])


def make_environment(batch: Any, name: str, kind: str) -> str:
    resources = {"type": kind, "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    managed: Any = {"type": "MANAGED", "computeResources": resources} if kind else {"type": "UNMANAGED"}
    batch.create_compute_environment(computeEnvironmentName=name, **managed)
    return name


@pytest.mark.parametrize(
    ("kinds", "gains"),
    [
        (["EC2"], True),
        (["SPOT", "EC2"], True),
        ([""], True),  # unmanaged
        (["FARGATE"], False),
        (["FARGATE_SPOT", "FARGATE"], False),
    ],
)
def test_arrays_gain_where_no_fargate_environment_serves_the_queue(
    local_aws: LocalAws, unique: str, kinds: list[str], gains: bool
) -> None:
    batch = local_aws.client("batch")
    names = [make_environment(batch, f"{unique}-{number}", kind) for number, kind in enumerate(kinds)]
    arn = make_queue(batch, unique, *names)
    launches = QueueLaunches(lambda: batch, FakeClock())
    assert launches.outpace_submissions(arn) is gains
    assert launches.outpace_submissions(unique) is gains


def test_a_queue_that_nobody_knows_gets_no_arrays_and_is_asked_about_again(
    local_aws: LocalAws, unique: str
) -> None:
    batch, clock = local_aws.client("batch"), FakeClock()
    launches = QueueLaunches(lambda: batch, clock)
    assert not launches.outpace_submissions(unique)
    make_queue(batch, unique, make_environment(batch, unique, "EC2"))
    assert not launches.outpace_submissions(unique)
    clock.sleep(AGAIN_SECONDS)
    assert launches.outpace_submissions(unique)
