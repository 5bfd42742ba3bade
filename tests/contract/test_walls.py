"""What holds jobs back on Local AWS, by the live page: slots, vCPUs, Fargate's launches, EC2's dispatches."""

from __future__ import annotations

import pytest

from sluice_local.quotas import Quota
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.support.building import NEEDS, eventually

SLOW = Quota(bucket_size=1, refill_per_second=0.001)


def submit(aws: LocalAws, jobs: int, max_vcpus: int, kind: str) -> None:
    """Jobs that sleep, of one vCPU each, in a queue on Fargate or EC2."""
    batch = aws.client("batch")
    resources = {
        "type": kind,
        "maxvCpus": max_vcpus,
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
    }
    batch.create_compute_environment(
        computeEnvironmentName="compute", type="MANAGED", computeResources=resources
    )
    order = [{"order": 1, "computeEnvironment": "compute"}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
    container = {"image": "any", "command": ["sleep", "60"], "resourceRequirements": NEEDS}
    batch.register_job_definition(jobDefinitionName="sleep", type="container", containerProperties=container)
    for number in range(jobs):
        batch.submit_job(jobName=f"n{number}", jobQueue="queue", jobDefinition="sleep")


def running(aws: LocalAws) -> int:
    return sum(job["status"] == "RUNNING" for job in aws.page("jobs")["jobs"])


def name_of_wall(aws: LocalAws) -> str | None:
    found = aws.page("live")["wall"]
    return str(found["name"]) if found else None


@pytest.mark.parametrize(
    ("settings", "kind", "max_vcpus", "jobs", "name"),
    [
        (LocalSettings(job_slots=1), "FARGATE", 16, 2, "this machine's job slots"),
        (LocalSettings(job_slots=16), "FARGATE", 1, 2, "vCPUs of the compute environments"),
        (LocalSettings(job_slots=16, fargate_launches=SLOW), "FARGATE", 16, 2, "Fargate's task launches"),
        (LocalSettings(job_slots=16, ec2_dispatches=SLOW), "EC2", 16, 2, "how fast Batch places jobs on EC2"),
        (LocalSettings(job_slots=16, ec2_dispatches=SLOW), "FARGATE", 16, 1, None),
    ],
)
def test_the_live_page_names_what_a_job_waits_for(
    settings: LocalSettings, kind: str, max_vcpus: int, jobs: int, name: str | None
) -> None:
    with LocalAws(settings) as aws:
        submit(aws, jobs, max_vcpus, kind)
        eventually(lambda: running(aws) == 1)
        eventually(lambda: name_of_wall(aws) == name)
        assert aws.page("live")["jobs"].get("RUNNABLE", 0) == jobs - 1
