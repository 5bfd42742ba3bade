"""Reads the tasks of a cohort and what their jobs may use, through few and cheap calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.completion import job_record
from sluice.tasks.model import SUCCEEDED, TERMINAL
from sluice_cli.aws.arrays import ENDED, children_of
from sluice_cli.explain.known import arrays
from sluice_cli.report.resources import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice.tasks.ports import TaskStore
    from sluice_cli.aws.arrays import Child
    from sluice_cli.aws.ports import Api

    Tell = Callable[[str], None]

Earlier = tuple[tuple[int, int], ...]

THREADS: Final = 16
PAUSE_SECONDS: Final = 0.05
"""Between two arrays whose children are listed: Batch takes some 50 calls a second from an account in all.

https://repost.aws/knowledge-center/aws-batch-requests-error
"""

EXECUTIONS_AT_ONCE: Final = 30
"""Whose tasks are read together: those of a workflow of three make one call of BatchGetItem."""

JOBS_MAX: Final = 100
"""Of a DescribeJobs: https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""

DEFINITIONS_MAX: Final = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobDefinitions.html"""


def read_tasks(
    tasks: TaskStore, execution_arns: Sequence[str], tell: Tell
) -> dict[str, tuple[TaskRecord, ...]]:
    """Reads the tasks of executions, open and closed; those that were deleted long ago are missing.

    Args:
        tasks: the task table.
        execution_arns: whose tasks are wanted.
        tell: hears how far it is.
    """
    found: dict[str, list[TaskRecord]] = {arn: [] for arn in execution_arns}
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(tasks.history, _batches(execution_arns, EXECUTIONS_AT_ONCE))
        for number, part in enumerate(parts, start=1):
            for record in part:
                found[record.task.execution_arn].append(record)
            done = min(number * EXECUTIONS_AT_ONCE, len(execution_arns))
            tell(f"{done:,} of {len(execution_arns):,} samples")
    return {arn: tuple(records) for arn, records in found.items()}


def read_jobs(
    api: Api, tasks: Mapping[str, Sequence[TaskRecord]]
) -> tuple[dict[str, tuple[TaskRecord, ...]], dict[str, Earlier]]:
    """Asks Batch about the jobs that have not ended, and about those that it tried more than once.

    Only its answer tells whether a job runs, and when the attempts before the last one ran.

    Returns:
        The tasks with their jobs as they are now, and the earlier attempts by job id.
    """
    jobs = [job for records in tasks.values() for record in records for job in record.jobs.values()]
    wanted = [job.job_id for job in jobs if job.job_id and (not job.ended or (job.attempts or 1) > 1)]
    details: dict[str, Mapping[str, Any]] = {}
    for batch in _batches(wanted, JOBS_MAX):
        answer = api.call("batch", "describe_jobs", jobs=list(batch))
        details |= {each["jobId"]: each for each in answer["jobs"]}
    present = {arn: tuple(_present(each, details) for each in records) for arn, records in tasks.items()}
    return present, {job_id: _earlier(detail) for job_id, detail in details.items()}


def read_children(
    api: Api, tasks: Iterable[TaskRecord], tell: Tell, sleep: Callable[[float], None]
) -> dict[str, tuple[Child, ...]]:
    """Lists the children of all array jobs that Batch remembers, by the parent's job id.

    One array after another, with a pause, as an account's calls of Batch are counted together with those by
    which jobs are submitted.
    """
    parents = {job.job_id: job for job, _ in arrays(tuple(tasks)) if job.job_id}
    found: dict[str, tuple[Child, ...]] = {}
    for number, (job_id, job) in enumerate(parents.items(), start=1):
        tell(f"{number:,} of {len(parents):,} arrays")
        if children := children_of(api, job_id, _statuses_of_children(job)):
            found[job_id] = children
        sleep(PAUSE_SECONDS)
    return found


def _statuses_of_children(array: JobRecord) -> tuple[str, ...]:
    """The statuses that children of an array may have, as far as they have begun; each is a call."""
    if array.status == SUCCEEDED:
        return (SUCCEEDED,)
    return ENDED if array.ended else (*ENDED, "RUNNING")


def read_definitions(api: Api, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Reads job definitions, and returns each under all of its names; those that are gone are missing."""
    wanted = sorted(names)
    exact = [name for name in wanted if ":" in name]
    pages = [
        page
        for batch in _batches(exact, DEFINITIONS_MAX)
        for page in api.pages("batch", "describe_job_definitions", jobDefinitions=list(batch))
    ]
    for name in (name for name in wanted if ":" not in name):
        pages += api.pages("batch", "describe_job_definitions", jobDefinitionName=name, status="ACTIVE")
    return newest(each for page in pages for each in page["jobDefinitions"])


def _present(record: TaskRecord, details: Mapping[str, Mapping[str, Any]]) -> TaskRecord:
    found = {
        name: job_record(name, details[job.job_id])
        for name, job in record.jobs.items()
        if job.job_id is not None and not job.ended and job.job_id in details
    }
    return replace(record, jobs={**record.jobs, **found})


def _earlier(detail: Mapping[str, Any]) -> Earlier:
    """From when to when the attempts ran before the last one, or before the one under way."""
    attempts = detail.get("attempts") or []
    over = attempts[:-1] if detail.get("status") in TERMINAL else attempts
    times = ((each.get("startedAt"), each.get("stoppedAt")) for each in over)
    return tuple((began, ended) for began, ended in times if began and ended)


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))
