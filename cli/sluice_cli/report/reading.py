"""Reads a cohort's items, its tasks and what their jobs may use, through few and cheap calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.cohort_items import COHORT_ENTRY, read_cohort, read_sample
from sluice.aws.items import read_task
from sluice.completion import job_record
from sluice_cli.errors import WrongUsageError
from sluice_cli.report.resources import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sluice.cohort import Cohort, Sample
    from sluice.model import TaskRecord
    from sluice_cli.ports import Api
    from sluice_cli.stack import Stack

    Tell = Callable[[str], None]

THREADS: Final = 16
KEYS_MAX: Final = 100
"""Of a BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""

JOBS_MAX: Final = 100
"""Of a DescribeJobs: https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""

DEFINITIONS_MAX: Final = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobDefinitions.html"""


def read_whole_cohort(api: Api, stack: Stack, name: str) -> tuple[Cohort, tuple[Sample, ...]]:
    """Reads a cohort and its samples, in the order of their start.

    Raises:
        WrongUsageError: there is no such cohort.
        AwsError: AWS refused a call.
    """
    pages = api.pages(
        "dynamodb",
        "query",
        TableName=stack.output("CohortTableName"),
        KeyConditionExpression="cohort = :cohort",
        ExpressionAttributeValues={":cohort": {"S": name}},
    )
    items = [item for page in pages for item in page["Items"]]
    own = [item for item in items if item["entry"]["S"] == COHORT_ENTRY]
    if not own:
        raise WrongUsageError(f"Stack {stack.name} has no cohort {name!r}: check the name, or launch it.")
    samples = (read_sample(item) for item in items if item["entry"]["S"] != COHORT_ENTRY)
    return read_cohort(own[0]), tuple(sorted(samples, key=lambda sample: (sample.started_at, sample.name)))


def read_tasks(
    api: Api, table: str, execution_arns: Sequence[str], tell: Tell
) -> dict[str, tuple[TaskRecord, ...]]:
    """Reads the tasks of executions, open and closed; those that were deleted long ago are missing.

    Args:
        api: AWS.
        table: the task table.
        execution_arns: whose tasks are wanted.
        tell: hears how far it is.
    """
    keys: list[Mapping[str, Any]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for number, found in enumerate(pool.map(lambda arn: _keys(api, table, arn), execution_arns), start=1):
            keys += found
            tell(f"{number:,} of {len(execution_arns):,} samples")
        records = list(pool.map(lambda batch: list(_tasks(api, table, batch)), _batches(keys, KEYS_MAX)))
    tasks: dict[str, list[TaskRecord]] = {arn: [] for arn in execution_arns}
    for record in (each for batch in records for each in batch):
        tasks[record.task.execution_arn].append(record)
    return {arn: tuple(found) for arn, found in tasks.items()}


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


def _keys(api: Api, table: str, arn: str) -> list[Mapping[str, Any]]:
    pages = api.pages(
        "dynamodb",
        "query",
        TableName=table,
        IndexName="ByExecution",
        KeyConditionExpression="executionArn = :arn",
        ExpressionAttributeValues={":arn": {"S": arn}},
    )
    return [{"taskToken": entry["taskToken"]} for page in pages for entry in page["Items"]]


def _tasks(api: Api, table: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[TaskRecord]:
    asked: dict[str, Any] = {table: {"Keys": list(keys)}}
    while asked:
        answer = api.call("dynamodb", "batch_get_item", RequestItems=asked)
        yield from map(read_task, answer["Responses"].get(table, ()))
        asked = answer.get("UnprocessedKeys") or {}


def _present(record: TaskRecord, details: Mapping[str, Mapping[str, Any]]) -> TaskRecord:
    found = {
        name: job_record(name, details[job.job_id])
        for name, job in record.jobs.items()
        if job.job_id is not None and job.job_id in details
    }
    return replace(record, jobs={**record.jobs, **found})


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))
