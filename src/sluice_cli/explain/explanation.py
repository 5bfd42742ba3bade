"""Tells what happened to a sample, and why, in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import CANCELLED_ERROR
from sluice.tasks.job_errors import GUESS, OUT_OF_MEMORY
from sluice_cli.explain.history import read_history
from sluice_cli.explain.job_cause import JobCause, completed, read_cause
from sluice_cli.explain.named_errors import (
    ABORTED,
    CANCELLED,
    EXECUTION_TIMED_OUT,
    MEANINGS,
    OTHER,
    OUT_OF_MEMORY_GUESSED,
    Meaning,
)
from sluice_cli.explain.report import Explanation
from sluice_cli.explain.steps import pair, steps
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sluice.tasks.model import TaskRecord, Trouble
    from sluice_cli.aws.executions import Execution
    from sluice_cli.explain.history import Event, History, Try

_BAD_ENDS: Final = {"FAILED": "failed: ", "TIMED_OUT": "timed out: ", "ABORTED": "was stopped "}


def explanation(
    execution: Execution,
    events: Iterable[Event],
    tasks: Sequence[TaskRecord],
    *,
    now_ms: int,
    present: Mapping[str, str] | None = None,
) -> Explanation:
    """Tells the explained of an execution.

    Args:
        execution: as DescribeExecution has it.
        events: its whole history, oldest first.
        tasks: its tasks, open and closed, oldest first.
        now_ms: the time, for one that still runs.
        present: what Batch says now of the jobs that have not ended, by job id.
    """
    history, present = read_history(events), present or {}
    told = steps(history, tasks, present)
    if execution.status == "RUNNING":
        doing = _doing(history, tasks, present, now_ms)
        headline = f"{execution.subject} is running for {_lasted(execution, now_ms)}: {doing}."
        return Explanation(execution, headline, steps=told)
    if execution.status not in _BAD_ENDS:
        headline = f"{execution.subject} succeeded after {_lasted(execution, now_ms)}."
        return Explanation(execution, headline, steps=told)
    error, meaning, facts = _failure(execution, history, tasks)
    says = meaning.says.format_map(facts)
    return Explanation(
        execution,
        headline=f"{execution.subject} {_BAD_ENDS[execution.status]}{says.rstrip('.')}.",
        error=error,
        job=facts["job"] if facts["job"] != _UNKNOWN_JOB else None,
        advice=tuple(each.format_map(facts) for each in meaning.advice),
        steps=told,
    )


_OF_BOTOCORE: Final = re.compile(r"^An error occurred \(\w+\) when calling the \w+ operation(?: \(.*?\))?: ")

_UNKNOWN_JOB: Final = "(unknown)"

Failure = tuple[str | None, Meaning, dict[str, str]]


def _failure(execution: Execution, history: History, tasks: Sequence[TaskRecord]) -> Failure:
    """The error's name, what it means, and what its sentence speaks of."""
    attempt = history.last_failed
    if execution.status == "ABORTED":
        reason = "".join(f": {each}" for each in (execution.error, execution.cause) if each)
        meaning = CANCELLED if execution.error == CANCELLED_ERROR else ABORTED
        return execution.error, meaning, _facts(execution, history, JobCause(), reason)
    if execution.status == "TIMED_OUT":
        return (
            "States.Timeout",
            EXECUTION_TIMED_OUT,
            _facts(execution, history, JobCause(), _at_last(history)),
        )
    error = execution.error or (attempt.error if attempt else None)
    if error not in MEANINGS and attempt is not None and attempt.error in MEANINGS:
        error = attempt.error  # the workflow gave it a name of its own
    if attempt is not None and attempt.missed_heartbeat and error in {"States.Timeout", attempt.error}:
        error = "States.HeartbeatTimeout"
    cause = read_cause(execution.cause or (attempt.cause if attempt else None))
    if error and error.startswith("Job."):
        cause = completed(cause, tasks)
    facts = _facts(execution, history, cause, _told(cause))
    facts["needed"] = _needed(cause, attempt)
    if error == "States.HeartbeatTimeout" and attempt is not None:
        facts["reason"] = _why_no_heartbeat(attempt, tasks)
    if error is None or error not in MEANINGS or (error.startswith("Job.") and cause.job is None):
        named = error or "no name"
        state = history.state_of(named) or facts["state"]
        return error, OTHER, {**facts, "error": named, "state": state}
    if error == OUT_OF_MEMORY and GUESS in facts["reason"]:
        return error, OUT_OF_MEMORY_GUESSED, facts
    return error, MEANINGS[error], facts


def _facts(execution: Execution, history: History, cause: JobCause, reason: str) -> dict[str, str]:
    attempt = history.last_failed or (history.tries[-1] if history.tries else None)
    attempts = cause.attempts or 1
    return {
        "asked": execution.asked,
        "job": cause.job or _UNKNOWN_JOB,
        "state": attempt.state if attempt else "(unknown)",
        "exit_code": "unknown" if cause.exit_code is None else str(cause.exit_code),
        "reason": reason.rstrip("."),
        "attempts": "once" if attempts == 1 else f"in each of {attempts} attempts",
        "heartbeat": span(attempt.heartbeat_seconds) if attempt and attempt.heartbeat_seconds else "long",
    }


def _told(cause: JobCause) -> str:
    """The reason, without what botocore says of any refused call."""
    return _OF_BOTOCORE.sub("", cause.reason or "no reason was given")


def _needed(cause: JobCause, attempt: Try | None) -> str:
    """The jobs of other tasks that the failed one depends on."""
    ids = attempt.jobs.get(cause.job or "", ()) if attempt else ()
    return f"job {', '.join(ids)}" if ids else "a job"


def _why_no_heartbeat(attempt: Try, tasks: Sequence[TaskRecord]) -> str:
    task = next((task for each, task in pair((attempt,), tasks) if each is attempt), None)
    if task is None:
        return "as the poller that took its task was lost before it noted it"
    return "as reconcile_tasks, which sends them, does not run often enough for it"


def failing(trouble: Trouble, now_ms: int) -> str:
    """Says that a job cannot be submitted, how often that was tried, and with which answer at last."""
    answer = _OF_BOTOCORE.sub("", trouble.answer).rstrip(".")
    often = "once" if trouble.failures == 1 else f"{trouble.failures} times"
    since = span((now_ms - trouble.since) / 1000)
    return f"SubmitJob failed {often} in {since} for job {trouble.job_name}, at last with: {answer}"


def _doing(history: History, tasks: Sequence[TaskRecord], present: Mapping[str, str], now_ms: int) -> str:
    attempt = next((each for each in reversed(history.tries) if each.ended_ms is None), None)
    if attempt is None:
        return "no state waits for jobs of Sluice's"
    if attempt.started_ms is None:
        return f"state {attempt.state} waits for a poller"
    task = next((task for each, task in pair(history.tries, tasks) if each is attempt), None)
    if task is None:
        return f"a poller has taken the task of state {attempt.state} and submitted nothing yet"
    if task.trouble is not None:
        return f"in state {attempt.state}, {failing(task.trouble, now_ms)}"
    at_work = [job for job in task.jobs.values() if not job.ended]
    words = [f"job {job.name} is {present.get(job.job_id or '', 'about to be submitted')}" for job in at_work]
    return f"in state {attempt.state}, " + (", ".join(words) or "all jobs have ended")


def _at_last(history: History) -> str:
    attempt = history.tries[-1] if history.tries else None
    if attempt is None:
        return "no state asked for jobs"
    return f"at last it was in state {attempt.state}, try {attempt.number}"


def _lasted(execution: Execution, now_ms: int) -> str:
    return span(((execution.stopped_ms or now_ms) - execution.started_ms) / 1000)
