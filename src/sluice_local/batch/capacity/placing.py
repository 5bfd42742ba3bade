"""How the task of a new attempt is named."""

import uuid

from sluice_local.batch.capacity.room import compute_type
from sluice_local.batch.model import Document, Job, Placement
from sluice_local.batch.running.log_places import log_stream


def new_placement(job: Job, environment: Document) -> Placement:
    """Name the task and the log stream of a job's next attempt as Batch names them."""
    task_id, scope = uuid.uuid4().hex, job.spec.scope
    cluster = job.spec.queue_arn.rpartition("/")[2]
    return Placement(
        task_arn=f"arn:aws:ecs:{scope.region}:{scope.account}:task/{cluster}/{task_id}",
        log_stream=log_stream(job.spec.container, job.spec.definition_name, task_id),
        compute_environment=str(environment.get("computeEnvironmentArn", "")),
        on_fargate=compute_type(environment).startswith("FARGATE"),
    )
