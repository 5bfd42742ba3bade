"""What a job reads of its own task: the metadata endpoint of ECS.

AWS: each container has ECS_CONTAINER_METADATA_URI_V4, an address that tells its id, image, limits and log,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html.

MiniStack 1.5.33: answers at `/v4/<token>` for the tasks of its own ECS only.

Fixed by making each attempt of a job known there, as long as it runs.
"""

from collections.abc import Mapping
from typing import Any

from sluice_local.batch.model import Job, JobStatus
from sluice_local.batch.rules.resources import required
from sluice_local.batch.running.log_places import log_group
from sluice_local.engine import ministack


class JobMetadata:
    """Makes attempts known to MiniStack's metadata endpoint; methods may be called from any thread."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url

    def variables(self, job: Job) -> Mapping[str, str]:
        """Make an attempt known that is about to run; return the variables that ECS sets."""
        token = _token(job)
        container = _container(job)
        register = ministack.private("services.ecs_metadata.register_container")
        register(token, container["Labels"]["com.amazonaws.ecs.task-arn"], _task(job), container)
        return {"ECS_CONTAINER_METADATA_URI_V4": f"{self._endpoint_url}/v4/{token}"}

    def follow(self, job: Job) -> None:
        """Forget the attempt that a job's new state has ended."""
        last = job.attempt_just_ended
        if last is not None and job.status is not JobStatus.RUNNING:
            ministack.private("services.ecs_metadata.unregister_token")(_task_id(last.placement.task_arn))


def _task_id(task_arn: str) -> str:
    return task_arn.rpartition("/")[2]


def _token(job: Job) -> str:
    assert job.placement is not None
    return _task_id(job.placement.task_arn)


def _container(job: Job) -> dict[str, Any]:
    spec, placement = job.spec, job.placement
    assert placement is not None
    amounts = required(spec.container)
    return {
        "DockerId": _task_id(placement.task_arn),
        "Name": "default",
        "Image": spec.container.get("image"),
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Type": "NORMAL",
        "Limits": {"CPU": float(amounts.get("VCPU", 1)) * 1024, "Memory": spec.memory_mib},
        "LogDriver": "awslogs",
        "LogOptions": {
            "awslogs-group": log_group(spec.container),
            "awslogs-region": spec.scope.region,
            "awslogs-stream": placement.log_stream,
        },
        "Labels": {
            "com.amazonaws.ecs.container-name": "default",
            "com.amazonaws.ecs.task-arn": placement.task_arn,
            "com.amazonaws.ecs.task-definition-family": spec.definition_name,
        },
    }


def _task(job: Job) -> dict[str, Any]:
    assert job.placement is not None
    return {
        "TaskARN": job.placement.task_arn,
        "Family": job.spec.definition_name,
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "LaunchType": "FARGATE" if job.placement.on_fargate else "EC2",
    }
