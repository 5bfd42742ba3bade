"""Reads the tasks of a cohort and what their jobs may use, through few and cheap calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.completion import job_record
from sluice_cli.report.resources import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sluice.tasks.model import TaskRecord
    from sluice.tasks.ports import TaskStore
    from sluice_cli.aws.ports import Api

    Tell = Callable[[str], None]

THREADS: Final = 16
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


def with_present_jobs(
    api: Api, tasks: Mapping[str, Sequence[TaskRecord]]
) -> dict[str, tuple[TaskRecord, ...]]:
    """Asks Batch about the jobs that have not ended: only its answer tells whether they run."""
    open_ids = [
        job.job_id
        for records in tasks.values()
        for record in records
        for job in record.jobs.values()
        if job.job_id and not job.ended
    ]
    details: dict[str, Mapping[str, Any]] = {}
    for batch in _batches(open_ids, JOBS_MAX):
        answer = api.call("batch", "describe_jobs", jobs=list(batch))
        details |= {each["jobId"]: each for each in answer["jobs"]}
    return {arn: tuple(_present(record, details) for record in records) for arn, records in tasks.items()}


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
        if job.job_id is not None and job.job_id in details
    }
    return replace(record, jobs={**record.jobs, **found})


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))
