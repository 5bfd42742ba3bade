"""Reads all that an explanation is made of: an execution, the executions inside of it, and their jobs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from sluice.tasks.model import FAILED
from sluice_cli.aws.arrays import children_of
from sluice_cli.aws.executions import describe_execution, history_of, present_of, tasks_of
from sluice_cli.errors import AwsError, CliError
from sluice_cli.explain.explanation import explanation
from sluice_cli.explain.history import read_history
from sluice_cli.explain.known import Known, arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sluice.tasks.model import TaskRecord
    from sluice_cli.aws.arrays import Child
    from sluice_cli.aws.executions import Execution
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack
    from sluice_cli.explain.history import History, Nested
    from sluice_cli.explain.report import Explanation

DEPTH_MAX: Final = 5
"""Executions inside of executions that are looked into."""

NESTED_MAX: Final = 20
"""Executions that one execution's states started, and that are looked into."""

CHILDREN_MAX: Final = 3
"""Children of a Map Run that are looked into, of each of the states that say most."""


def explain_execution(
    api: Api, stack: Stack, execution: Execution, *, now_ms: int, depth: int = DEPTH_MAX
) -> Explanation:
    """Reads and explains an execution, with those inside of it.

    Raises:
        AwsError: AWS refused a call.
    """
    events = tuple(history_of(api, execution.arn))
    tasks = tasks_of(api, stack, execution.arn)
    history = read_history(events)
    nested: dict[str, Sequence[Explanation]] = {}
    for each in history.nested[-NESTED_MAX:] if depth else ():
        inside = executions_inside(api, execution, each)
        nested[each.arn] = [
            explain_execution(api, stack, it, now_ms=now_ms, depth=depth - 1) for it in inside
        ]
    known = Known(tasks, present_of(api, tasks), _failed_children(api, tasks), nested)
    of_inside = [task for inside in nested.values() for each in inside for task in each.tasks]
    return replace(explanation(execution, events, known, now_ms=now_ms), tasks=(*tasks, *of_inside))


def executions_inside(api: Api, execution: Execution, nested: Nested) -> list[Execution]:
    """The execution that a state started, or children of a Map Run: some that failed, and some that run.

    One that cannot be read, as Step Functions keeps none of Express workflows, is left out.
    """
    arns = _children_of_run(api, nested.arn) if nested.is_map_run else (nested.arn,)
    inside = (_readable(api, arn, execution.asked) for arn in arns)
    return [replace(each, whose=execution.whose) for each in inside if each is not None]


def _readable(api: Api, arn: str, asked: str) -> Execution | None:
    try:
        return describe_execution(api, arn, asked)
    except CliError:
        return None


def all_executions(api: Api, execution: Execution, *, depth: int = DEPTH_MAX) -> Iterator[Execution]:
    """An execution, and those inside of it."""
    yield execution
    history: History = read_history(history_of(api, execution.arn))
    for nested in history.nested[-NESTED_MAX:] if depth else ():
        for each in executions_inside(api, execution, nested):
            yield from all_executions(api, each, depth=depth - 1)


def _children_of_run(api: Api, map_run_arn: str) -> list[str]:
    found: list[str] = []
    for status in ("FAILED", "TIMED_OUT", "RUNNING"):
        pages = api.pages("stepfunctions", "list_executions", mapRunArn=map_run_arn, statusFilter=status)
        arns = (each["executionArn"] for page in pages for each in page["executions"])
        try:
            found += islice(arns, CHILDREN_MAX)
        except AwsError:
            break  # whoever may not list them is told of the others
    return found


def _failed_children(api: Api, tasks: Sequence[TaskRecord]) -> dict[str, Sequence[Child]]:
    """The failed children of array jobs that failed; only Batch knows them."""
    failed = [job.job_id for job, _ in arrays(tasks) if job.job_id and job.status == FAILED]
    return {job_id: children_of(api, job_id, (FAILED,)) for job_id in failed}
