"""Finds executions by what people call them, and reads their histories and tasks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import ExecutionName, read_execution_name
from sluice_cli.aws.cohorts import find_cohort
from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sluice.cohorts.model import Sample
    from sluice.tasks.model import TaskRecord
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack

MAX_PAGES: Final = 20
"""Pages of 1,000 executions that are searched for a name: ListExecutions gives some 100 calls at once.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

GONE: Final = frozenset({"ExecutionDoesNotExist", "InvalidArn"})
"""What Step Functions says of an execution that it has deleted, and of Express ones, which it never keeps."""


def find_execution(
    api: Api, stack: Stack, asked: str, cohort: str | None, *, attempt: int | None = None
) -> Execution:
    """Finds an execution by its ARN, its name, or its sample.

    A sample is looked for in the stack's cohorts, whatever their workflow, then among the executions of the
    stack's own workflow; of several the one that started last is taken.

    Args:
        api: AWS.
        stack: the stack.
        asked: an ARN, the name of an execution, or of a sample.
        cohort: the sample's; any if None.
        attempt: of a sample of a cohort; its last if None.

    Raises:
        WrongUsageError: there is none; the message says where was searched.
        AwsError: AWS refused a call.
    """
    command = f"{asked} --cohort {cohort}" if cohort else asked
    if asked.startswith("arn:"):
        return describe_execution(api, asked, command)
    sample = find_sample(api, stack, asked, cohort)
    if sample is not None:
        again = f"{command} --attempt {attempt}" if attempt is not None else command
        return _of_sample(api, sample, _arn_of(sample, attempt), again)
    if attempt is not None:
        raise WrongUsageError(f"No cohort has a sample {asked!r}, so --attempt {attempt} has no meaning.")
    workflow_arn = stack.output("WorkflowArn")
    arn = _by_name(api, workflow_arn, asked, cohort)
    if arn is None:
        if cohort is not None and "CohortTableName" in stack.outputs:
            find_cohort(api, stack, cohort)
        raise WrongUsageError(_not_found(stack, asked, cohort, workflow_arn))
    return describe_execution(api, arn, command)


def _of_sample(api: Api, sample: Sample, arn: str, command: str) -> Execution:
    try:
        return describe_execution(api, arn, command)
    except WrongUsageError as error:
        whose = f"sample {sample.name} of cohort {sample.cohort}"
        ended = f", which ended with {sample.error}" if sample.error else ""
        raise WrongUsageError(
            f"Step Functions knows no such execution of {whose}{ended}: it never began, or it was deleted "
            "90 days after its end."
        ) from error


def describe_execution(api: Api, arn: str, asked: str) -> Execution:
    """Reads an execution.

    Raises:
        WrongUsageError: there is no such execution.
        AwsError: AWS refused the call.
    """
    try:
        found = api.call("stepfunctions", "describe_execution", executionArn=arn)
    except AwsError as error:
        if error.code in GONE:
            raise WrongUsageError(f"There is no execution {arn} in {api.region}: check the ARN.") from error
        raise
    return read_execution(found, asked)


def read_execution(found: Mapping[str, Any], asked: str) -> Execution:
    """Reads DescribeExecution's answer; `asked` is how a command asks for it."""
    stopped = found.get("stopDate")
    return Execution(
        arn=found["executionArn"],
        name=found["name"],
        subject=_sample(found.get("input")) or found["name"],
        asked=asked,
        whose=read_execution_name(found["name"]),
        status=found["status"],
        started_ms=at_ms(found["startDate"]),
        stopped_ms=at_ms(stopped) if stopped else None,
        error=found.get("error") or None,
        cause=found.get("cause") or None,
    )


def history_of(api: Api, arn: str) -> Iterator[dict[str, Any]]:
    """Reads an execution's events, oldest first."""
    pages = api.pages("stepfunctions", "get_execution_history", executionArn=arn)
    return (event for page in pages for event in page["events"])


def tasks_of(api: Api, stack: Stack, arn: str) -> tuple[TaskRecord, ...]:
    """Reads an execution's tasks, open and closed, oldest first; those deleted long ago are missing."""
    return tuple(api.tasks(stack.output("TaskTableName")).history([arn]))


def present_of(api: Api, tasks: Iterable[TaskRecord]) -> dict[str, str]:
    """Asks Batch about the jobs that have not ended; returns a few words by job id."""
    job_ids = [job.job_id for task in tasks for job in task.jobs.values() if job.job_id and not job.ended]
    found: dict[str, str] = {}
    for begin in range(0, len(job_ids), 100):
        # https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html
        jobs = api.call("batch", "describe_jobs", jobs=job_ids[begin : begin + 100])["jobs"]
        found |= {job["jobId"]: _status(job) for job in jobs}
    return found


def _status(job: dict[str, Any]) -> str:
    """A job's status, since when, and Batch's word: `RUNNABLE, submitted at 10:05:12 UTC (no room)`."""
    status, reason = str(job["status"]), job.get("statusReason")
    summary = (job.get("arrayProperties") or {}).get("statusSummary") or {}
    counts = ", ".join(f"{count} {name}" for name, count in summary.items() if count)
    started, created = job.get("startedAt"), job.get("createdAt")
    if counts:
        status = f"{status} with its children {counts}"
    elif started and status == "RUNNING":
        status = f"{status} since {_clock(started)}"
    elif created:
        status = f"{status}, submitted at {_clock(created)}"
    return f"{status} ({reason})" if reason else status


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S UTC")


def _sample(text: str | None) -> str | None:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return None
    sample = given.get("sample") if isinstance(given, dict) else None
    return sample if isinstance(sample, str) and sample else None


def find_sample(api: Api, stack: Stack, asked: str, cohort: str | None) -> Sample | None:
    """Finds a sample in the stack's cohorts by its name, or by that of one of its executions.

    Of several cohorts that have it, the one is taken in which it was started last. None where the stack has
    no cohorts, or none has it.

    Raises:
        AwsError: AWS refused a call.
    """
    table = stack.outputs.get("CohortTableName")
    if table is None:
        return None
    cohorts = api.cohorts(table)
    named = read_execution_name(asked) if cohort is None else None
    if named is not None:
        found = cohorts.sample(named.cohort, named.sample)
        return (
            replace(found, attempt=named.attempt, execution_arn=_arn_of(found, named.attempt))
            if found
            else None
        )
    names = [cohort] if cohort is not None else [each.name for each in cohorts.all_cohorts()]
    samples = (cohorts.sample(each, asked) for each in names)
    return max((each for each in samples if each), key=lambda sample: sample.started_at, default=None)


def _arn_of(sample: Sample, attempt: int | None) -> str:
    """The execution of an attempt, of the last if it is None; refuses one that there was not."""
    if attempt is None:
        return sample.execution_arn
    if attempt > sample.attempt:
        whose = f"sample {sample.name} of cohort {sample.cohort}"
        raise WrongUsageError(f"--attempt is {attempt}; {whose} has had {sample.attempt} so far.")
    return arn_of_attempt(sample, attempt)


def arn_of_attempt(sample: Sample, attempt: int) -> str:
    """The execution of an attempt, which differs from the last one's by its name only."""
    if attempt == sample.attempt:
        return sample.execution_arn
    name = ExecutionName(sample.cohort, attempt, sample.name)
    return f"{sample.execution_arn.rpartition(':')[0]}:{name}"


def _by_name(api: Api, workflow_arn: str, asked: str, cohort: str | None) -> str | None:
    pages = api.pages("stepfunctions", "list_executions", stateMachineArn=workflow_arn)
    for number, page in enumerate(pages, start=1):
        # newest first: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        found = [
            each["executionArn"] for each in page["executions"] if is_called(each["name"], asked, cohort)
        ]
        if found:
            return str(found[0])
        if number == MAX_PAGES:
            break
    return None


def is_called(name: str, asked: str, cohort: str | None) -> bool:
    """True if an execution's name is what was asked for.

    It may be the name itself, or the sample of `<cohort>.<attempt>.<sample>` or of `<sample>-<anything>`.
    """
    if name == asked and cohort is None:
        return True
    of_cohort = re.fullmatch(r"([^.]+)\.\d+\.(.+)", name)
    if of_cohort:
        return of_cohort[2] == asked and cohort in {None, of_cohort[1]}
    return cohort is None and name.startswith(f"{asked}-")


def _not_found(stack: Stack, asked: str, cohort: str | None, workflow_arn: str) -> str:
    if cohort is not None:
        there_are = f"`sluice samples {cohort}` lists them"
        return f"Cohort {cohort} has no sample {asked!r} that was started: {there_are}."
    workflow = workflow_arn.rpartition(":")[2]
    return (
        f"No cohort of stack {stack.name} has a sample {asked!r}, nor has its workflow {workflow} such an "
        "execution. Check the name, or give the execution's ARN if another state machine ran it."
    )


@dataclass(frozen=True)
class Execution:
    """An execution as DescribeExecution tells it; times are ms since the epoch.

    Attributes:
        arn, name: its names in AWS.
        subject: what a person calls it: the sample, or the execution's name.
        asked: how a command asks for it: `NA06989 --cohort trio`.
        whose: the sample of a cohort that it belongs to; None if it belongs to none.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        started_ms, stopped_ms: from when to when it ran.
        error, cause: of an execution that ended badly, if it has them.
    """

    arn: str
    name: str
    subject: str
    asked: str
    status: str
    started_ms: int
    stopped_ms: int | None = None
    error: str | None = None
    cause: str | None = None
    whose: ExecutionName | None = None


def at_ms(timestamp: Any) -> int:
    """A timestamp of botocore's (a datetime) in ms since the epoch."""
    return round(float(timestamp.timestamp()) * 1000)
