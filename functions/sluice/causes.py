"""What the cause of a failure says of the job that is to blame, for whoever reads executions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
