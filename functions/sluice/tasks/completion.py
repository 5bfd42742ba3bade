"""What Batch says of a job becomes a record; the records of a task's jobs become its outcome.

Batch's event detail has the shape of DescribeJobs' JobDetail, so both are read by the same function:
https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from sluice.batch_words import fitted, job_document
from sluice.tasks.job_errors import DEPENDENCY_FAILED, container_of, named_error
from sluice.tasks.model import FAILED, SUCCEEDED, TERMINAL, Failed, JobRecord, Outcome, Succeeded
from sluice.tasks.parsing import OutOfBoundsError
from sluice.tasks.submission import OWN_PARAMETERS, ROWS, is_of_sync_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sluice.tasks.model import Task, TaskRecord

MAX_CAUSE: Final = 32_768
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html"""

MAX_OUTPUT: Final = 262_144
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

MAX_DOCUMENT: Final = 200_000
"""Bytes at most that are kept of a short form's ended job (aws/tables/task_items.py, ROOMY_INPUT)."""

MAX_TEXT_BYTES: Final = 512
"""A reason longer than this says nothing more, an id, a status or a log stream's name is never longer, and
those of all of a task's jobs are kept in one item of 400 KB.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html
"""

MAX_ATTEMPTS: Final = 10
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_RetryStrategy.html"""

MAX_ATTEMPTS_BYTES: Final = 1_024
"""What is kept of a job's attempts, the last ones first: enough for three or four of them."""


def job_record(name: str, detail: Mapping[str, Any]) -> JobRecord:
    """Reads a JobDetail; fields that are absent, or not what Batch gives, are taken as unknown."""
    container = container_of(detail)
    attempts = detail.get("attempts")
    status = _text(detail.get("status"))
    failed = status == FAILED
    of_sync_form = is_of_sync_form(detail)
    # of a failed job it begins the reason
    status_reason = None if failed else detail.get("statusReason")
    error, reason = named_error(detail) if failed else (None, None)
    return JobRecord(
        name=name,
        job_id=_text(detail.get("jobId")),
        status=status,
        attempts=len(attempts) if isinstance(attempts, list) else None,
        created_at=_integer(detail.get("createdAt")),
        started_at=_integer(detail.get("startedAt")),
        stopped_at=_integer(detail.get("stoppedAt")),
        exit_code=_integer(container.get("exitCode")),
        log_stream_name=_text(container.get("logStreamName")),
        error=error,
        reason=_beginning(reason) if reason else None,
        status_reason=_beginning(status_reason) if status_reason and isinstance(status_reason, str) else None,
        attempt_details=None if of_sync_form or status not in TERMINAL else _attempt_details(attempts),
        document=_document(detail) if of_sync_form and status in TERMINAL else None,
    )


def vanished(job_id: str) -> Mapping[str, Any]:
    """The detail of a job that Batch has forgotten: it ended long ago and nobody can say how."""
    return {"jobId": job_id, "status": FAILED, "statusReason": "Batch does not know this job any more"}


def decide(record: TaskRecord) -> Outcome | None:
    """Says how the task ended, or None while it has not.

    A task with `failFast` fails with its first failed job; any other waits for all of its jobs. Batch's
    events come in any order: a job that failed with its dependency says nothing before the job at the root
    has said why, which is what the workflow's Retry has to know. A task that nobody can read has failed.
    """
    if record.fault is not None:
        return invalid(record.fault)
    jobs = _in_order(record)
    failed = [job for job in jobs if job.status == FAILED]
    if failed and all(record.jobs[name].ended for name in _awaited(record.task, failed)):
        return _failed(record.task, failed)
    if all(job.status == SUCCEEDED for job in jobs):
        return Succeeded(output=_output_of(record.task, jobs))
    return None


def jobs_to_stop(record: TaskRecord) -> tuple[JobRecord, ...]:
    """The submitted jobs of an ended task that nothing else will end.

    A job that depends on a failed one is Batch's to fail; but if two array jobs depend on each other child
    by child (N_TO_N), those children run on whose counterparts succeeded.
    https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html
    """
    doomed = _doomed(record.task, {job.name for job in record.jobs.values() if job.status == FAILED})
    return tuple(job for job in _in_order(record) if job.job_id and not job.ended and job.name not in doomed)


def may_be_submitted(record: TaskRecord) -> bool:
    """True while there are jobs that somebody may be submitting, or have submitted without noting it."""
    return any(job.job_id is None for job in record.jobs.values())


def is_settled(record: TaskRecord, *, submitting_is_over: bool = False) -> bool:
    """True if a task that has ended now leaves no job that runs, or that somebody may be submitting."""
    known = submitting_is_over or not may_be_submitted(record)
    return known and not jobs_to_stop(record)


def rejection(job_name: str, message: str) -> Failed:
    """The outcome of a task of which Batch refused a job for good."""
    return Failed(error="Task.Rejected", cause=_cause({"job": job_name, "reason": message}))


def invalid(message: str) -> Failed:
    """The outcome of a task whose input is not what the contract says."""
    return Failed(error="Task.Invalid", cause=_cause({"reason": message}))


def refused(error: Exception) -> Failed:
    """The outcome of a task that was not accepted."""
    if isinstance(error, OutOfBoundsError):
        return rejection(error.job_name, str(error))
    return invalid(str(error))


def _in_order(record: TaskRecord) -> tuple[JobRecord, ...]:
    return tuple(record.jobs[spec.name] for spec in record.task.jobs)


def _awaited(task: Task, failed: Sequence[JobRecord]) -> set[str]:
    """The jobs that must have ended before a task with these failed jobs is over."""
    if not task.fail_fast:
        return {spec.name for spec in task.jobs}
    if any(job.error != DEPENDENCY_FAILED for job in failed):
        return set()
    affected = {job.name for job in failed}
    for spec in reversed(task.jobs):  # each after the jobs that it depends on, so that one pass is enough
        if spec.name in affected:
            affected |= spec.needs
    return affected


def _doomed(task: Task, failed: Iterable[str]) -> set[str]:
    doomed = set(failed)
    for spec in task.jobs:  # in topological order, so that one pass is enough
        if any(each.job_name in doomed and each.request.get("type") != "N_TO_N" for each in spec.depends_on):
            doomed.add(spec.name)
    return doomed


def _failed(task: Task, failed: list[JobRecord]) -> Failed:
    root = next((job for job in failed if job.error != DEPENDENCY_FAILED), failed[0])
    error = root.error or "Job.Failed"
    if task.like_sync:
        return Failed(error=error, cause=fitted(_document_of(task, root), MAX_CAUSE))
    facts = {
        "job": root.name,
        "jobId": root.job_id,
        "exitCode": root.exit_code,
        "reason": root.reason,
        "logStreamName": root.log_stream_name,
        "attempts": root.attempts,
    }
    return Failed(error=error, cause=_cause(facts))


def _cause(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts)
    room = MAX_CAUSE - (len(text) - len(json.dumps(facts["reason"])))
    if len(text) <= MAX_CAUSE:
        return text
    # cut the reason, not the JSON; an escaped character takes up to 6, so a sixth of the room is safe
    return json.dumps({**facts, "reason": str(facts["reason"])[: room // 6]})


def _output_of(task: Task, jobs: Sequence[JobRecord]) -> str:
    if task.like_sync:
        return fitted(_document_of(task, jobs[0]), MAX_OUTPUT)
    text = json.dumps({"jobs": {job.name: _output(job) | _details(job) for job in jobs}})
    if len(text) <= MAX_OUTPUT:
        return text
    return json.dumps({"jobs": {job.name: _output(job) for job in jobs}})


def _details(job: JobRecord) -> dict[str, Any]:
    """What is told where there is room for it."""
    details = json.loads(job.attempt_details) if job.attempt_details else None
    told = {"statusReason": job.status_reason, "attemptDetails": details}
    return {name: value for name, value in told.items() if value}


def _output(job: JobRecord) -> dict[str, Any]:
    return {
        "jobId": job.job_id,
        "status": job.status,
        "attempts": job.attempts,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "stoppedAt": job.stopped_at,
        "exitCode": job.exit_code,
        "logStreamName": job.log_stream_name,
    }


def _document(detail: Mapping[str, Any]) -> str:
    """A job as `batch:submitJob.sync` tells of it, less the parameters that Sluice has added to it."""
    parameters = {name: value for name, value in detail["parameters"].items() if name not in OWN_PARAMETERS}
    told = {**detail, "parameters": parameters}
    container = detail.get("container")
    if isinstance(container, dict) and isinstance(container.get("environment"), list):
        own = [each for each in container["environment"] if not _holds_rows(each)]
        told["container"] = {**container, "environment": own}
    return fitted(job_document(told), MAX_DOCUMENT)


def _holds_rows(variable: Any) -> bool:
    return isinstance(variable, dict) and variable.get("name") == ROWS


def _document_of(task: Task, job: JobRecord) -> dict[str, Any]:
    """The same of a job's record, which has little of a job that Batch has forgotten."""
    (spec,) = task.jobs
    if job.document is not None:
        document: dict[str, Any] = json.loads(job.document)
        if task.vary:  # its own values are in the task alone
            document["Parameters"] = {**document.get("Parameters", {}), **spec.request.get("parameters", {})}
        return document
    container = {"ExitCode": job.exit_code, "LogStreamName": job.log_stream_name, "Reason": job.reason}
    facts = {
        "JobId": job.job_id,
        "JobName": spec.name,
        "JobQueue": spec.request.get("jobQueue"),
        "JobDefinition": spec.request.get("jobDefinition"),
        "Status": job.status,
        "StatusReason": job.reason,
        "CreatedAt": job.created_at,
        "StartedAt": job.started_at,
        "StoppedAt": job.stopped_at,
        "Attempts": [],
        "Container": {name: value for name, value in container.items() if value is not None},
        "Parameters": spec.request.get("parameters", {}),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _attempt_details(attempts: Any) -> str | None:
    """A JSON list of a job's attempts, as many of the last ones as there is room for."""
    if not isinstance(attempts, list):
        return None
    told = [_attempt(each) for each in attempts[-MAX_ATTEMPTS:] if isinstance(each, dict)]
    sizes = accumulate(len(json.dumps(each)) + 2 for each in reversed(told))
    count = sum(1 for size in sizes if size <= MAX_ATTEMPTS_BYTES)
    kept = told[len(told) - count :]
    return json.dumps(kept) if any(kept) else None


def _attempt(attempt: Mapping[str, Any]) -> dict[str, Any]:
    container = container_of(attempt)
    facts = {
        "startedAt": _integer(attempt.get("startedAt")),
        "stoppedAt": _integer(attempt.get("stoppedAt")),
        "exitCode": _integer(container.get("exitCode")),
        "reason": _text(container.get("reason")),
        "statusReason": _text(attempt.get("statusReason")),
        "logStreamName": _text(container.get("logStreamName")),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and value == _beginning(value) else None


def _integer(value: Any) -> int | None:
    """An integer of 64 bits, which any number of Batch's is; true and false are none."""
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _beginning(text: str) -> str:
    """As much of a text as is kept, as DynamoDB takes it: UTF-8 has no unpaired surrogates."""
    return text.encode(errors="replace")[:MAX_TEXT_BYTES].decode(errors="ignore")
