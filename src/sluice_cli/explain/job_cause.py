"""What the cause of a failure says of the job that is to blame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.tasks.model import FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord


@dataclass(frozen=True)
class JobCause:
    """The failed job of a task, as Sluice's cause tells it; what is unknown is None."""

    job: str | None = None
    job_id: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    attempts: int | None = None
    log_stream_name: str | None = None


def read_cause(text: str | None) -> JobCause:
    """Reads the cause of a failed task; text that Sluice did not write is taken as the reason."""
    try:
        facts = json.loads(text or "{}")
    except ValueError:
        return JobCause(reason=text)
    if not isinstance(facts, dict):
        return JobCause(reason=text)
    if "JobId" in facts:
        return _of_job(facts)
    said = (facts.get(name) for name in ("reason", "errorMessage", "Cause"))
    return JobCause(
        job=facts.get("job"),
        job_id=facts.get("jobId"),
        exit_code=facts.get("exitCode"),
        reason=next((each for each in said if isinstance(each, str) and each), text if facts else None),
        attempts=facts.get("attempts"),
        log_stream_name=facts.get("logStreamName"),
    )


def _of_job(facts: Mapping[str, Any]) -> JobCause:
    """Reads the cause of a failed `batch:submitJob.sync`, which is the job as DescribeJobs tells it.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    """
    container, attempts = facts.get("Container") or {}, facts.get("Attempts") or []
    return JobCause(
        job=facts.get("JobName"),
        job_id=facts["JobId"],
        exit_code=container.get("ExitCode"),
        reason=container.get("Reason") or facts.get("StatusReason"),
        attempts=len(attempts) or None,
        log_stream_name=container.get("LogStreamName"),
    )


def cause_of_record(job: JobRecord, told: JobCause) -> JobCause:
    """What the score of a task knows of its failed job; what it does not know is as the cause has it."""
    return JobCause(
        job=job.name,
        job_id=job.job_id or told.job_id,
        exit_code=told.exit_code if job.exit_code is None else job.exit_code,
        reason=job.reason or told.reason,
        attempts=job.attempts or told.attempts,
        log_stream_name=job.log_stream_name or told.log_stream_name,
    )


def failed_job(tasks: Sequence[TaskRecord]) -> JobRecord | None:
    """The job that is to blame: the failed one that ended first in the last task that has one."""
    for task in reversed(tasks):
        failed = [job for job in task.jobs.values() if job.status == FAILED]
        if failed:
            return min(failed, key=lambda job: (job.error == "Job.DependencyFailed", job.stopped_at or 0))
    return None
