"""The job that is to blame for a failure, as a task's record and its cause have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.causes import JobCause
from sluice.tasks.model import FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice.tasks.model import JobRecord, TaskRecord


def cause_of_record(job: JobRecord, told: JobCause) -> JobCause:
    """What the record of a task knows of its failed job; what it does not know is as the cause has it."""
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
