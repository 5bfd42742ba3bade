"""Tells what happened to a sample, and why, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.causes import JobCause, read_cause
from sluice.cohorts.model import CANCELLED_ERROR
from sluice.tasks.job_errors import GUESS, OUT_OF_MEMORY, named_error
from sluice_cli.explain.arrays import failed_together
from sluice_cli.explain.doing import doing, plain_answer
from sluice_cli.explain.history import Try, read_history
from sluice_cli.explain.job_cause import cause_of_record, failed_job
from sluice_cli.explain.named_errors import (
    ABORTED,
    CANCELLED,
    EXECUTION_TIMED_OUT,
    IN_NESTED,
    MEANINGS,
    OTHER,
    OUT_OF_MEMORY_GUESSED,
    Meaning,
)
from sluice_cli.explain.nested import failed_inside, with_nested
from sluice_cli.explain.report import Explanation
from sluice_cli.explain.steps import pair, steps
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sluice.cohorts.model import ExecutionName
    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice_cli.aws.executions import Execution
    from sluice_cli.explain.history import History
    from sluice_cli.explain.known import Known
    from sluice_cli.explain.nested import Inside
    from sluice_cli.explain.trail import Event

_BAD_ENDS: Final = {"FAILED": "failed: ", "TIMED_OUT": "timed out: ", "ABORTED": "was stopped "}


def explanation(execution: Execution, events: Iterable[Event], known: Known, *, now_ms: int) -> Explanation:
    """Tells the story of an execution.

    Args:
        execution: as DescribeExecution has it.
        events: its whole history, oldest first.
        known: what the stack and Batch know of it.
        now_ms: the time, for one that still runs.
    """
    history = read_history(events)
    told = with_nested(steps(history, known, is_over=execution.status != "RUNNING"), history, known)
    if execution.status == "RUNNING":
        says = doing(history, known, now_ms)
        headline = f"{execution.subject} has been running for {_lasted(execution, now_ms)}: {says}."
        return Explanation(execution, headline, says, steps=told)
    if execution.status not in _BAD_ENDS:
        headline = f"{execution.subject} succeeded after {_lasted(execution, now_ms)}."
        return Explanation(execution, headline, steps=told)
    failure = _failure(execution, history, known)
    facts = failure.facts
    says = failure.meaning.says.format_map(facts).rstrip(".")
    return Explanation(
        execution,
        headline=f"{execution.subject} {_BAD_ENDS[execution.status]}{says}.",
        says=says,
        error=failure.error,
        job=failure.job,
        job_id=failure.job_id,
        advice=tuple(each.format_map(facts) for each in failure.meaning.advice),
        steps=told,
    )


@dataclass(frozen=True)
class Failure:
    """The error's name, what it means, what its sentence speaks of, and the job that is to blame."""

    error: str | None
    meaning: Meaning
    facts: Mapping[str, str]
    job: str | None = None
    job_id: str | None = None


def _failure(execution: Execution, history: History, known: Known) -> Failure:
    if execution.status == "ABORTED":
        reason = "".join(f": {each}" for each in (execution.error, execution.cause) if each)
        meaning = CANCELLED if execution.error == CANCELLED_ERROR else ABORTED
        return Failure(execution.error, meaning, _facts(execution, JobCause(reason=reason)))
    if execution.status == "TIMED_OUT":
        facts = _facts(execution, JobCause(reason=_at_last(history)))
        return Failure("States.Timeout", EXECUTION_TIMED_OUT, facts)
    inside = failed_inside(history, known)
    if inside is not None:
        return _nested_failure(execution, inside)
    if isinstance(history.blamed, Try):
        return _failed_try(execution, history.blamed, history, known)
    return _other(execution, history)


def _failed_try(execution: Execution, attempt: Try, history: History, known: Known) -> Failure:
    error = "States.HeartbeatTimeout" if attempt.missed_heartbeat else attempt.error or ""
    task = next((task for each, task in pair(history.tries, known.tasks) if each is attempt), None)
    cause = read_cause(attempt.cause or execution.cause)
    failed = failed_job((task,)) if task is not None else None
    if error.startswith("Job.") and failed is not None:
        cause = cause_of_record(failed, cause)
    if error not in MEANINGS or (error.startswith("Job.") and cause.job is None):
        return _other(execution, history)
    facts = {**_facts(execution, cause), **_facts_of_try(attempt, cause)}
    if failed is not None and known.children_of(failed):
        facts |= _facts_of_children(execution, failed, known)
    if error == "States.HeartbeatTimeout":
        facts["reason"] = _why_no_heartbeat(task)
    return Failure(error, _meaning(error, facts), facts, cause.job, cause.job_id)


def _meaning(error: str, facts: Mapping[str, str]) -> Meaning:
    """What an error means; that of an array's child where it says more than its parent's."""
    named = facts.get("error_of_child", error)
    is_guess = named == OUT_OF_MEMORY and GUESS in facts["reason"]
    return OUT_OF_MEMORY_GUESSED if is_guess else MEANINGS[named]


def _other(execution: Execution, history: History) -> Failure:
    """A failure whose name is none of Sluice's, or that no try of a task is to blame for."""
    blamed = history.blamed
    error = execution.error or (blamed.error if blamed else None)
    named = error or "no name"
    facts = _facts(execution, read_cause(execution.cause or (blamed.cause if blamed else None)))
    state = blamed.place if blamed else history.state_of(named)
    return Failure(error, OTHER, {**facts, "error": named, "state": state or "(unknown)"})


def _nested_failure(execution: Execution, inside: Inside) -> Failure:
    """A failure of an execution inside of this one: its cause, and its advice."""
    child = inside.explanation
    facts = {"state": inside.place, "name": child.execution.name, "says": child.says}
    meaning = Meaning(IN_NESTED, tuple(each.replace("{", "{{").replace("}", "}}") for each in child.advice))
    return Failure(child.error or execution.error, meaning, facts, child.job, child.job_id)


def _facts(execution: Execution, cause: JobCause) -> dict[str, str]:
    attempts = cause.attempts or 1
    code = "" if cause.exit_code is None else f"exit code {cause.exit_code}"
    reason = plain_answer(cause.reason or "no reason was given").rstrip(".")
    return {
        "logs": f"sluice logs {execution.asked}",
        **_ways_on(execution.whose),
        "job": cause.job or "(unknown)",
        "job_id": f"job {cause.job_id}" if cause.job_id else "this job",
        "with_code": f" with {code}" if code else "",
        "said": f"{code}; {reason}" if code else reason,
        "reason": reason,
        "attempts": "once" if attempts == 1 else f"in each of {attempts} attempts",
    }


def _ways_on(whose: ExecutionName | None) -> dict[str, str]:
    """How a sample is run again; an execution that is of no cohort is whoever's that started it."""
    if whose is None:
        return dict.fromkeys(("again", "anew", "mend"), "start the execution again.")
    again = f"run it again: sluice retry {whose.cohort} --sample {whose.sample}"
    return {
        "again": again,
        "anew": f"{again} (add --from-start if the workflow's definition changed)",
        "mend": f"{again} --sheet SHEET",
    }


def _facts_of_try(attempt: Try, cause: JobCause) -> dict[str, str]:
    ids = attempt.jobs.get(cause.job or "", ())
    iteration = f" of iteration {'.'.join(map(str, attempt.iterations))}" if attempt.iterations else ""
    return {
        "job": f"{cause.job or '(unknown)'}{iteration}",
        "state": attempt.place,
        "needed": f"job {', '.join(ids)}" if ids else "a job",
        "heartbeat": span(attempt.heartbeat_seconds) if attempt.heartbeat_seconds else "long",
    }


def _facts_of_children(execution: Execution, job: JobRecord, known: Known) -> dict[str, str]:
    """The children of an array that failed, as they know what their parent does not."""
    failed, size = known.children_of(job), known.size_of(job)
    first = failed[0]
    code = "" if first.exit_code is None else f", exit code {first.exit_code}"
    which = f"{failed_together(failed, size)}{code}"
    error, reason = named_error({"container": {"exitCode": first.exit_code, "reason": first.reason}})
    guess = f"{failed_together(failed, size)}; {reason}"
    said = {"error_of_child": error, "reason": guess} if error == OUT_OF_MEMORY else {}
    return {
        "logs": f"sluice logs {execution.asked} --index {first.index}",
        "with_code": f": {which}",
        "said": f"{which}; {reason}",
        "reason": first.reason or job.reason or "no reason was given",
        **said,
    }


def _why_no_heartbeat(task: TaskRecord | None) -> str:
    if task is None:
        return "because the poller that took its task was lost before recording it"
    return "because reconcile_tasks, which sends heartbeats, does not run often enough"


def _at_last(history: History) -> str:
    attempt = history.tries[-1] if history.tries else None
    if attempt is None:
        return "no state asked for jobs"
    return f"its last state was {attempt.place}, try {attempt.number}"


def _lasted(execution: Execution, now_ms: int) -> str:
    return span(((execution.stopped_ms or now_ms) - execution.started_ms) / 1000)
