"""Checks the workflow that a cohort's samples are to run, before anything starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sluice.arns import matches
from sluice.cohorts.model import WORKFLOW_ARN
from sluice.cohorts.sheet import COHORT
from sluice.cohorts.sheet_cells import SAMPLE, plain
from sluice.schema import did_you_mean
from sluice_cli.aws.stack import heartbeat_interval, startable_workflows
from sluice_cli.cohorts.own_workflow import OWN_WORKFLOW_KINDS
from sluice_cli.cohorts.workflow_reading import Reads, activity_remarks, fields_read
from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from sluice.cohorts.sheet import Sheet
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack

OWN_READS: Final = Reads(frozenset(), frozenset(OWN_WORKFLOW_KINDS), whole=False)

_UNKNOWN: Final = frozenset({"StateMachineDoesNotExist", "InvalidArn"})


def workflow_arn(stack: Stack, given: str | None) -> str:
    """The ARN of the workflow that is meant: the stack's own, or one by its name or ARN.

    Raises:
        WrongUsageError: it is neither, or the stack's cohorts may not start it.
    """
    own = stack.output("WorkflowArn")
    if given is None:
        return own
    arn = given if given.startswith("arn:") else f"{own.rpartition(':')[0]}:{given}"
    if not WORKFLOW_ARN.fullmatch(arn):
        raise WrongUsageError(f"--workflow {given!r} is neither the name nor the ARN of a state machine.")
    if not matches(arn, allowed := startable_workflows(stack)):
        raise WrongUsageError(
            f"Cohorts of stack {stack.name} may not start {arn}. Deploy it with this state machine in its "
            f"parameter WorkflowArns, or use {', '.join(allowed)}."
        )
    return arn


def workflow_option(stack: Stack, arn: str) -> str:
    """The option that means a workflow; empty for the stack's own."""
    own = stack.output("WorkflowArn")
    if arn == own:
        return ""
    head, _, name = arn.rpartition(":")
    return f" --workflow {name if head == own.rpartition(':')[0] else arn}"


def workflow_remarks(api: Api, stack: Stack, arn: str, sheet: Sheet) -> Iterator[str]:
    """Says what about a workflow may fail with this sheet, a sentence each.

    Raises:
        WrongUsageError: there is no such state machine, or it is none that a cohort can run.
        AwsError: AWS could not be asked.
    """
    columns = {name for row in sheet.rows for name in json.loads(row.input)}
    if arn == stack.output("WorkflowArn"):
        reads = OWN_READS
    else:
        definition = _definition(api, arn)
        if definition is None:
            yield f"The workflow was not checked: AWS refused DescribeStateMachine of {arn}."
            return
        yield from activity_remarks(definition, stack.output("ActivityArn"), heartbeat_interval(stack))
        reads = fields_read(definition)
    yield from _field_remarks(reads, columns)


def fields_remarks(api: Api, stack: Stack, arn: str, columns: AbstractSet[str]) -> Iterator[str]:
    """Names fields that nothing in a workflow reads; nothing of one that cannot be read.

    Raises:
        WrongUsageError: there is no such state machine any more.
        AwsError: AWS could not be asked.
    """
    if not columns:
        return
    if arn == stack.output("WorkflowArn"):
        yield from _unread_remarks(OWN_READS, columns)
    elif (definition := _definition(api, arn)) is not None:
        yield from _unread_remarks(fields_read(definition), columns)


def _definition(api: Api, arn: str) -> dict[str, Any] | None:
    try:
        found = api.call("stepfunctions", "describe_state_machine", stateMachineArn=arn)
    except AwsError as error:
        if error.code in _UNKNOWN:
            raise WrongUsageError(f"There is no state machine {arn} in {api.region}.") from error
        if error.is_denied:
            return None
        raise
    if found["type"] != "STANDARD":
        raise WrongUsageError(
            f"{arn} is {found['type']}; a cohort needs a STANDARD state machine, whose names are unique."
        )
    definition: dict[str, Any] = json.loads(found["definition"])
    return definition


def _field_remarks(reads: Reads, columns: Iterable[str]) -> Iterator[str]:
    given = {*columns, SAMPLE, COHORT}
    lacking = sorted(reads.needed - given)
    if lacking:
        yield f"The workflow reads {', '.join(lacking)} from its input, but no sample has it."
    yield from _unread_remarks(reads, given)


def _unread_remarks(reads: Reads, given: AbstractSet[str]) -> Iterator[str]:
    unread = sorted(given - reads.any_of_them - {SAMPLE, COHORT})
    if unread and not reads.whole:
        yield f"Nothing in the workflow reads {', '.join(plain(name) for name in unread)}."
        near = {name: did_you_mean(name, reads.any_of_them - given) for name in unread}
        yield from (f"Is {plain(name)} meant to be {meant}?" for name, meant in near.items() if meant)
