"""What the cause of a failure says of the job that is to blame."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sluice.tasks.model import FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    return JobCause(
        job=facts.get("job"),
        job_id=facts.get("jobId"),
        exit_code=facts.get("exitCode"),
        reason=facts.get("reason"),
        attempts=facts.get("attempts"),
        log_stream_name=facts.get("logStreamName"),
    )


def completed(cause: JobCause, tasks: Sequence[TaskRecord]) -> JobCause:
    """Adds the name of the job from the score of the tasks where the cause does not have it."""
    if cause.job:
        return cause
    failed = failed_job(tasks)
    return replace(cause, job=failed.name, job_id=failed.job_id) if failed else cause


def failed_job(tasks: Sequence[TaskRecord]) -> JobRecord | None:
    """The job that is to blame: the failed one that ended first in the last task that has one."""
    for task in reversed(tasks):
        failed = [job for job in task.jobs.values() if job.status == FAILED]
        if failed:
            return min(failed, key=lambda job: (job.error == "Job.DependencyFailed", job.stopped_at or 0))
    return None
