"""Finds executions inside of a cohort's, and what was said of samples that failed without a failed job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from sluice.causes import read_cause
from sluice_cli.aws.executions import GONE, describe_execution, history_of
from sluice_cli.errors import AwsError, CliError
from sluice_cli.explain.history import read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sluice_cli.aws.ports import Api
    from sluice_cli.explain.history import Nested

    Tell = Callable[[str], None]

THREADS: Final = 4
"""GetExecutionHistory and DescribeExecution have few calls a second, which workflows need too.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

DEPTH_MAX: Final = 5
REASONS_MAX: Final = 200
"""Samples whose executions are asked what was said of their end."""

STARTS_EXECUTIONS: Final = ("states:startExecution", "DISTRIBUTED")
"""What stands in the definition of a workflow that has executions inside."""


def starts_executions(api: Api, workflow_arn: str) -> bool:
    """True if a workflow starts executions or has a Distributed Map; only then histories tell more.

    Raises:
        AwsError: AWS refused the call, so that nobody knows; one that was deleted starts none any more.
    """
    try:
        found = api.call("stepfunctions", "describe_state_machine", stateMachineArn=workflow_arn)
    except AwsError as error:
        if error.code != "StateMachineDoesNotExist":
            raise
        return False
    return any(word in found["definition"] for word in STARTS_EXECUTIONS)


def read_inside(api: Api, execution_arns: Sequence[str], tell: Tell) -> dict[str, tuple[str, ...]]:
    """Finds the executions inside of each of these, by their ARN.

    Raises:
        AwsError: AWS refused a call: a report without the jobs inside would look like a whole one.
    """
    found: dict[str, tuple[str, ...]] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        read = pool.map(lambda arn: tuple(_inside(api, arn, DEPTH_MAX)), execution_arns)
        for number, (arn, inside) in enumerate(zip(execution_arns, read, strict=True), start=1):
            tell(f"{number:,} of {len(execution_arns):,} histories")
            found[arn] = inside
    return found


def read_reasons(api: Api, execution_arns: Sequence[str]) -> dict[str, str]:
    """What was said of the ends of executions, by their ARN; of two hundred at most."""
    with ThreadPoolExecutor(THREADS) as pool:
        asked = execution_arns[:REASONS_MAX]
        read = pool.map(lambda arn: _reason(api, arn), asked)
        return {arn: reason for arn, reason in zip(asked, read, strict=True) if reason}


def _inside(api: Api, arn: str, depth: int) -> Iterator[str]:
    try:
        nested = read_history(history_of(api, arn)).nested if depth else ()
        children = [child for each in nested for child in _children(api, each)]
    except AwsError as error:
        if error.code not in GONE:
            raise
        return
    for child in children:
        yield child
        yield from _inside(api, child, depth - 1)


def _children(api: Api, nested: Nested) -> Iterator[str]:
    if not nested.is_map_run:
        yield nested.arn
        return
    for page in api.pages("stepfunctions", "list_executions", mapRunArn=nested.arn):
        yield from (each["executionArn"] for each in page["executions"])


def _reason(api: Api, arn: str) -> str | None:
    try:
        return read_cause(describe_execution(api, arn, arn).cause).reason
    except CliError:
        return None  # one that never was, or that Step Functions has deleted
