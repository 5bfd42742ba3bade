"""Launches a cohort: what is asked of the stack, and whether it may be."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.cohorts.sheet import SheetChanges, SheetRules, sheet_changes
from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.cohorts.machine import start_machine
from sluice_cli.cohorts.own_workflow import OWN_WORKFLOW_KINDS, OWN_WORKFLOW_NEEDS
from sluice_cli.cohorts.sheet_file import (
    checked_sheet,
    cohort_name,
    read_sheet_file,
    shared_fields,
    sheet_stem,
)
from sluice_cli.cohorts.workflow_check import workflow_arn, workflow_option
from sluice_cli.errors import WrongUsageError
from sluice_cli.terminal.output import some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.cohorts.model import Cohort
    from sluice.cohorts.sheet import Sheet
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack
    from sluice_cli.cohorts.sheet_file import SheetFile


@dataclass(frozen=True)
class LaunchOptions:
    """What a person asks for: the arguments of `sluice launch`, unchecked; None where nothing was said."""

    sheet: str
    cohort: str | None
    workflow: str | None
    fields: Sequence[str]
    require: Sequence[str]


@dataclass(frozen=True)
class Launch:
    """What is to be launched: a checked sheet, for which workflow, with the fields that all samples share."""

    cohort: str
    workflow_arn: str
    sheet: Sheet
    file: SheetFile
    shared: Mapping[str, str]

    @property
    def digest(self) -> str:
        """12 hex digits of everything, so that the same launch has the same name."""
        text = json.dumps([self.sheet.sha256, self.workflow_arn, self.shared], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def key(self) -> str:
        """Where its sheet lies in the stack's bucket."""
        return f"cohorts/{self.cohort}/{self.digest}.{self.file.fmt}"


def prepare(api: Api, stack: Stack, options: LaunchOptions) -> Launch:
    """Reads the sheet and checks all that can be checked before anything starts.

    Raises:
        WrongUsageError: something is wrong; of a sheet every bad row is named.
        AwsError: S3 refused the sheet.
    """
    workflow = workflow_arn(stack, options.workflow)
    file = read_sheet_file(api, options.sheet)
    name, shared = cohort_name(options.cohort, options.sheet), shared_fields(options.fields)
    is_own = workflow == stack.output("WorkflowArn")
    rules = sheet_rules(name, shared, options.require, is_own_workflow=is_own)
    return Launch(name, workflow, checked_sheet(file, rules), file, shared)


def sheet_rules(
    cohort: str, shared: Mapping[str, str], require: Sequence[str], *, is_own_workflow: bool
) -> SheetRules:
    """What is expected of a sheet: what a person requires, or what the stack's own workflow needs."""
    needs = OWN_WORKFLOW_NEEDS if is_own_workflow else ()
    return SheetRules(cohort, shared, tuple(require) or needs, OWN_WORKFLOW_KINDS if is_own_workflow else {})


def known_as(api: Api, stack: Stack, launch: Launch) -> tuple[Cohort | None, SheetChanges]:
    """Finds the cohort if there is one, and the samples that the sheet adds to it.

    Raises:
        WrongUsageError: it is another one; the message says what differs, row by row.
    """
    cohort = cohorts_of(api, stack).cohort(launch.cohort)
    if cohort is None:
        return None, SheetChanges((), (), ())
    return cohort, _changes(api, stack, cohort, launch)


def _changes(api: Api, stack: Stack, cohort: Cohort, launch: Launch) -> SheetChanges:
    if cohort.workflow_arn != launch.workflow_arn:
        raise WrongUsageError(
            f"Cohort {cohort.name} runs {cohort.workflow_arn}, not {launch.workflow_arn}. "
            "Give this one another name with --cohort."
        )
    if cohort.sheet_sha256 == launch.sheet.sha256:
        return SheetChanges((), (), ())
    inputs = {sample.name: sample.input for sample in cohorts_of(api, stack).samples(cohort.name)}
    changes = sheet_changes(inputs, launch.sheet)
    if not changes.adds_only:
        raise WrongUsageError(_differences(cohort, launch, changes))
    return changes


def _differences(cohort: Cohort, launch: Launch, changes: SheetChanges) -> str:
    lines = [f"line {row.line}, {row.sample}: {'; '.join(fields)}" for row, fields in changes.changed]
    lines += [f"{name} has no row" for name in changes.missing]
    mend = (
        "To run failed samples again with this sheet: "
        f"sluice retry {cohort.name} --sheet {shlex.quote(launch.file.name)}"
    )
    return "\n".join(
        [
            f"There is a cohort {cohort.name} already, with other samples or inputs; nothing was started.",
            *some(lines, indent="  "),
            *([mend] if changes.changed else []),
            "To run all of this sheet, give it another name with --cohort.",
        ]
    )


def launch_command(stack: Stack, cohort: Cohort, sheet_name: str) -> str:
    """The command that launches a sheet for a cohort that there is."""
    named = "" if sheet_stem(sheet_name) == cohort.name else f" --cohort {cohort.name}"
    return f"sluice launch {shlex.quote(sheet_name)}{named}{workflow_option(stack, cohort.workflow_arn)}"


def is_launched(cohort: Cohort | None, changes: SheetChanges) -> bool:
    """True if there is nothing left to start."""
    if cohort is None or cohort.is_cancelled or changes.new:
        return False
    return cohort.started >= cohort.total


def begin(api: Api, stack: Stack, launch: Launch, known: Cohort | None) -> str:
    """Puts the sheet into the stack's bucket and starts the samples.

    Args:
        api: AWS.
        stack: whose cohort it is.
        launch: what is to be started.
        known: the cohort as it is, None if it is new.

    Returns:
        The ARN of the execution that starts them.
    """
    bucket = stack.output("DataBucketName")
    api.call("s3", "put_object", Bucket=bucket, Key=launch.key, Body=launch.file.body)
    request: dict[str, Any] = {
        "cohort": launch.cohort,
        "workflowArn": launch.workflow_arn,
        "sheet": {"bucket": bucket, "key": launch.key, "format": launch.file.fmt},
        "shared": dict(launch.shared),
        "only": "all",
    }
    return start_machine(api, stack, f"{launch.cohort}-{launch.digest}", request, known=known)
