"""The job that every workflow runs: it sleeps for as many seconds as it is told."""

from dataclasses import dataclass

from sluice_local.server import LocalAws

_NAME = "bench-sleep"


@dataclass(frozen=True)
class SleepJob:
    """Where a sleeping job runs. Its parameters are `sample` and `seconds`."""

    queue: str
    definition: str


def add_queue(aws: LocalAws, most_vcpus: int | None = None) -> str:
    """Make a compute environment, of any size if none is given, with a queue; returns the queue's ARN."""
    batch = aws.client("batch")
    kind: dict[str, object] = {"type": "UNMANAGED"}
    if most_vcpus is not None:
        resources = {"type": "EC2", "maxvCpus": most_vcpus, "subnets": ["subnet-1"]}
        kind = {"type": "MANAGED", "computeResources": {**resources, "instanceTypes": ["optimal"]}}
    environment = batch.create_compute_environment(computeEnvironmentName=_NAME, **kind)
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    made = batch.create_job_queue(jobQueueName=_NAME, priority=1, computeEnvironmentOrder=order)
    return str(made["jobQueueArn"])


def add_sleep_job(aws: LocalAws, queue: str, before: tuple[str, ...] = ()) -> SleepJob:
    """Register the job definition; `before` stands before its command, as an entry point does."""
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    container = {
        "image": "none",
        "command": [*before, "sleep", "Ref::seconds"],
        "resourceRequirements": needs,
    }
    made = aws.client("batch").register_job_definition(
        jobDefinitionName=_NAME, type="container", containerProperties=container
    )
    return SleepJob(queue, str(made["jobDefinitionArn"]))
