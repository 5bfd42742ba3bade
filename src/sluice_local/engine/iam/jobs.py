"""Jobs with the credentials of their role.

AWS: a container gets temporary credentials of its job definition's `jobRoleArn`, none if it names no role,
https://docs.aws.amazon.com/batch/latest/userguide/create-execution-role.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html.

MiniStack 1.5.33: runs no jobs. Local AWS's own Batch gives every job the account's key.

Fixed by sessions of the roles. They come as environment variables, not from an endpoint of ECS.
"""

from collections.abc import Mapping

from sluice_local.batch.model import Job
from sluice_local.engine.credentials import session_environment
from sluice_local.engine.iam.roles import TASKS, ActingRole


def role_credentials(job: Job) -> Mapping[str, str]:
    """Return the variables with the credentials of a job's role; none if it has no role that trusts ECS."""
    role = ActingRole(str(job.spec.container.get("jobRoleArn", "")), TASKS, job.spec.job_id)
    if not role.arn or not role.trusted():
        return {}
    return session_environment(role.arn, role.session_name)
