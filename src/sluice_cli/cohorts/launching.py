"""Launches a cohort: what is asked of the stack, and whether it may be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.sheet import SheetRules
from sluice_cli.cohorts.machine import start_machine
from sluice_cli.cohorts.sheet_file import checked_sheet, cohort_name, read_sheet_file, shared_fields
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.cohorts.model import Cohort
    from sluice.cohorts.sheet import Sheet
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack
    from sluice_cli.cohorts.sheet_file import SheetFile

OWN_WORKFLOW_NEEDS: Final = ("reads", "reference", "panel", "geneticMap", "output")
"""What each sample of statemachines/workflow.asl.json needs besides its name."""


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
        """Target its sheet lies in the stack's bucket."""
        return f"cohorts/{self.cohort}/{self.digest}.{self.file.fmt}"


def prepare(api: Api, stack: Stack, options: LaunchOptions) -> Launch:
    """Reads the sheet and checks all that can be checked before anything starts.

    Raises:
        WrongUsageError: something is wrong; of a sheet every bad row is named.
        AwsError: S3 refused the sheet.
    """
    own = stack.output("WorkflowArn")
    file = read_sheet_file(api, options.sheet)
    name, shared = cohort_name(options.cohort, options.sheet), shared_fields(options.fields)
    required = required_fields(options.require, is_own_workflow=options.workflow in {None, own})
    sheet = checked_sheet(file, SheetRules(name, shared, required))
    return Launch(name, options.workflow or own, sheet, file, shared)


def required_fields(given: Sequence[str], *, is_own_workflow: bool) -> tuple[str, ...]:
    """What each row must have: as given, or what the stack's own workflow needs."""
    if given:
        return tuple(given)
    return OWN_WORKFLOW_NEEDS if is_own_workflow else ()


def check_same(cohort: Cohort, launch: Launch) -> None:
    """Sees that a cohort that there is already is the one to launch.

    Raises:
        WrongUsageError: it is another one; the message says what differs.
    """
    if cohort.workflow_arn != launch.workflow_arn:
        raise WrongUsageError(
            f"Cohort {cohort.name} runs {cohort.workflow_arn}, not {launch.workflow_arn}. "
            "Give this one another name with --cohort."
        )
    if cohort.sheet_sha256 != launch.sheet.sha256:
        raise WrongUsageError(
            f"There is a cohort {cohort.name} already, with {cohort.total:,} samples whose names or inputs "
            "are others. Give this one another name with --cohort."
        )


def is_launched(cohort: Cohort | None) -> bool:
    """True if there is nothing left to start."""
    return cohort is not None and cohort.started >= cohort.total and not cohort.is_cancelled


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
