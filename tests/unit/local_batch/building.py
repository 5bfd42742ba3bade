"""Jobs, queues and definitions for the tests of Local AWS's Batch."""

from typing import Any

from sluice_local.batch.model import Job, JobSpec, Scope
from sluice_local.batch.requests import Target, build_job

SCOPE = Scope("000000000000", "us-east-1")
QUEUE_ARN = SCOPE.arn("job-queue/spot")
DEFINITION: dict[str, Any] = {
    "jobDefinitionName": "align",
    "jobDefinitionArn": SCOPE.arn("job-definition/align:3"),
    "revision": 3,
    "status": "ACTIVE",
    "type": "container",
    "parameters": {"sample": "NA0", "mode": "fast"},
    "tags": {"of": "definition"},
    "containerProperties": {
        "image": "lowpass",
        "command": ["align", "Ref::sample", "--mode=Ref::mode"],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
    },
}
REQUEST: dict[str, Any] = {"jobName": "align-NA06989", "jobQueue": "spot", "jobDefinition": "align"}


def target(**definition: Any) -> Target:
    """Name a queue, and a job definition that differs so from the usual one."""
    return Target(SCOPE, QUEUE_ARN, {**DEFINITION, **definition})


def a_job(job_id: str = "job-1", *, created_at_ms: int = 1_000, **request: Any) -> Job:
    """Make a submitted job from a request that differs so from the usual one."""
    return build_job({**REQUEST, **request}, target(), job_id=job_id, created_at_ms=created_at_ms)


def a_spec(**request: Any) -> JobSpec:
    """Make what was asked for in such a job."""
    return a_job(**request).spec
