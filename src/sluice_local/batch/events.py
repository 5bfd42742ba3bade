"""How a job is shown: in DescribeJobs, in ListJobs, on the event bus and on the observation page.

Sources: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html and
https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

import hashlib
import json

from sluice_local.batch.model import Attempt, Document, Exit, Job, JobStatus, Placement

TASK_KEY = "taskKey"
TASK_TOKEN = "taskToken"  # noqa: S105 - the name of a parameter, not a secret
"""What a former version of Sluice had in place of a key."""
_TASK_ID_DIGITS = 16


def job_detail(job: Job) -> dict[str, object]:
    """Show a job as DescribeJobs and the state change event do; fields that Batch leaves out are left out."""
    spec = job.spec
    detail = {
        "jobArn": spec.arn,
        "jobName": spec.name,
        "jobId": spec.job_id,
        "jobQueue": spec.queue_arn,
        "jobDefinition": spec.definition_arn,
        "status": job.status.value,
        "attempts": [_attempt(attempt) for attempt in job.attempts],
        "dependsOn": [_present(jobId=one.job_id, type=one.kind) for one in spec.depends_on],
        "parameters": dict(spec.parameters),
        "container": _container(job),
        "isCancelled": job.is_cancelled,
        "isTerminated": job.is_terminated,
        **spec.passed_through,
    }
    return detail | _times(job) | _array(job) | _present(statusReason=job.status_reason)


def state_change(job: Job) -> dict[str, object]:
    """Make the PutEvents entry of one state change."""
    return {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Resources": [job.spec.arn],
        "Detail": json.dumps(job_detail(job)),
    }


def job_summary(job: Job) -> dict[str, object]:
    """Show a job as ListJobs does."""
    spec = job.spec
    summary = {
        "jobArn": spec.arn,
        "jobId": spec.job_id,
        "jobName": spec.name,
        "jobDefinition": spec.definition_arn,
        "status": job.status.value,
        "isCancelled": job.is_cancelled,
        "isTerminated": job.is_terminated,
    }
    container = {"container": _exit(job.attempts[-1].exit)} if job.attempts else {}
    return summary | _times(job) | _array(job) | container | _present(statusReason=job.status_reason)


def job_row(job: Job) -> dict[str, object]:
    """Show a job to a person who watches: of a task's key its first digits, as Sluice's logs name it."""
    spec = job.spec
    shown = {name: value for name, value in spec.parameters.items() if name not in (TASK_KEY, TASK_TOKEN)}
    token, key = (spec.parameters.get(name) for name in (TASK_TOKEN, TASK_KEY))
    known = key[:_TASK_ID_DIGITS] if key else token and task_id(token)
    command = " ".join(spec.command)
    row = {
        "jobId": spec.job_id,
        "jobName": spec.name,
        "jobQueue": spec.queue_arn,
        "jobDefinition": spec.definition_arn,
        "status": job.status.value,
        "attempts": len(job.attempts),
        "parameters": shown,
        "command": command.replace(token, task_id(token)) if token else command,
    }
    exit_code = job.attempts[-1].exit.exit_code if job.attempts else None
    extra = _present(taskId=known, exitCode=exit_code, statusReason=job.status_reason)
    return row | _times(job) | _array(job) | extra


def task_id(token: str) -> str:
    """Give a task token a name that may be shown: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()[:_TASK_ID_DIGITS]


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _times(job: Job) -> dict[str, object]:
    return _present(createdAt=job.created_at_ms, startedAt=job.started_at_ms, stoppedAt=job.stopped_at_ms)


def _array(job: Job) -> dict[str, object]:
    if job.spec.array_index is not None:
        return {"arrayProperties": {"index": job.spec.array_index}}
    if not job.is_array_parent:
        return {}
    summary = {status.value: job.children.get(status, 0) for status in JobStatus}
    return {"arrayProperties": {"size": job.spec.array_size, "statusSummary": summary}}


def _container(job: Job) -> Document:
    """The container as asked for, with what is known of the attempt under way or of the last one."""
    last = job.attempts[-1] if job.attempts else None
    placement = job.placement or (last and last.placement)
    of_attempt = _placement(placement) if placement else {}
    of_exit = _exit(last.exit) if last and last.placement is placement else {}
    return {**job.spec.container, **of_attempt, **of_exit}


def _attempt(attempt: Attempt) -> Document:
    return {
        "container": {**_placement(attempt.placement), **_exit(attempt.exit), "networkInterfaces": []},
        "startedAt": attempt.placement.started_at_ms or attempt.stopped_at_ms,
        "stoppedAt": attempt.stopped_at_ms,
        "statusReason": attempt.exit.status_reason,
    }


def _placement(placement: Placement) -> dict[str, object]:
    return {"taskArn": placement.task_arn, "logStreamName": placement.log_stream}


def _exit(exit_: Exit) -> dict[str, object]:
    return _present(exitCode=exit_.exit_code, reason=exit_.reason)
