"""Retries samples of a cohort: which, with which inputs, and what is asked of the stack."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.cohorts.sheet import COHORT, SheetRules, input_changes, parse_sheet
from sluice.cohorts.sheet_cells import SAMPLE, InvalidSheetError
from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.cohorts.launching import launch_command, sheet_rules
from sluice_cli.cohorts.machine import start_machine
from sluice_cli.cohorts.mending import choose, mend_of, remarks
from sluice_cli.cohorts.sheet_file import checked_sheet, read_sheet_file, shared_fields
from sluice_cli.cohorts.workflow_check import fields_remarks
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.cohorts.model import Cohort, Sample
    from sluice.cohorts.sheet import Sheet
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack


@dataclass(frozen=True)
class RetryOptions:
    """What a person asks for: the options of `sluice retry`, unchecked."""

    sheet: str | None = None
    fields: Sequence[str] = ()
    errors: Sequence[str] = ()
    names: Sequence[str] = ()
    from_start: bool = False


@dataclass(frozen=True)
class Retry:
    """What is to be tried again.

    Attributes:
        cohort: whose samples.
        samples: as they are.
        inputs: what their next attempts get, by name.
        is_plain: whether it is all that failed, as it was.
        from_start: whether none goes on where it failed.
        remarks: what a mended sheet says besides, a sentence each.
    """

    cohort: Cohort
    samples: tuple[Sample, ...]
    inputs: Mapping[str, str]
    is_plain: bool
    from_start: bool
    remarks: tuple[str, ...] = ()

    @property
    def changes(self) -> dict[str, tuple[str, ...]]:
        """The fields that differ from the attempt before, by sample."""
        found = {each.name: input_changes(each.input, self.inputs[each.name]) for each in self.samples}
        return {name: fields for name, fields in found.items() if fields}

    @property
    def sheet(self) -> str:
        """The samples with their inputs, as JSON Lines; the cohort's name is left to the launch."""
        rows = (json.loads(text) for text in self.inputs.values())
        return "".join(
            json.dumps({name: value for name, value in row.items() if name != COHORT}) + "\n" for row in rows
        )


def prepare_retry(api: Api, stack: Stack, cohort: Cohort, options: RetryOptions) -> Retry:
    """Finds out which samples are meant and what they get, and checks it.

    Raises:
        WrongUsageError: something is wrong; of a sheet every bad row is named.
        AwsError: S3 refused the sheet.
    """
    is_own = cohort.workflow_arn == stack.output("WorkflowArn")
    rules = sheet_rules(cohort.name, {}, (), is_own_workflow=is_own)
    fields = shared_fields(options.fields)
    for name in {SAMPLE, COHORT} & fields.keys():
        raise WrongUsageError(f"--set {name} is not possible: a retry keeps the names of cohort and samples.")
    sheet = _mended_sheet(api, options.sheet, rules)
    samples = list(cohorts_of(api, stack).samples(cohort.name))
    chosen = choose(samples, errors=options.errors, names=options.names)
    mend = mend_of(sheet, fields)
    launch = launch_command(stack, cohort, options.sheet or "")
    said = remarks(options.sheet or "", launch, mend, samples, {sample.name for sample in chosen})
    said += fields_remarks(api, stack, cohort.workflow_arn, {*mend.columns, *fields})
    if mend.rows is not None:
        chosen = tuple(sample for sample in chosen if sample.name in mend.rows)
    is_mended = sheet is not None or bool(fields)
    inputs = {sample.name: mend.input_of(sample) if is_mended else sample.input for sample in chosen}
    is_plain = not (is_mended or options.errors or options.names)
    retry = Retry(cohort, chosen, inputs, is_plain, options.from_start, tuple(said))
    if is_mended and chosen:
        _check(retry, rules)
    return retry


def _mended_sheet(api: Api, name: str | None, rules: SheetRules) -> Sheet | None:
    # fields that --set gave at the launch are in no row
    lenient = SheetRules(rules.cohort, {}, (), rules.kinds)
    return checked_sheet(read_sheet_file(api, name), lenient) if name is not None else None


def _check(retry: Retry, rules: SheetRules) -> None:
    try:
        parse_sheet(retry.sheet, fmt="jsonl", rules=rules)
    except InvalidSheetError as error:
        names = list(retry.inputs)
        lines = [
            f"  {', '.join(filter(None, (names[each.line - 1], each.column)))}: {each.says}"
            for each in error.problems
        ]
        raise WrongUsageError("\n".join(["Nothing was started.", *lines])) from error


def begin_retry(api: Api, stack: Stack, retry: Retry) -> str:
    """Starts the samples again, and returns the ARN of the execution that does so.

    Unless all that failed is meant as it was, the samples and their inputs are put into the stack's bucket.
    """
    request: dict[str, Any] = {"cohort": retry.cohort.name, "only": "failed"}
    if retry.from_start:
        request["fromStart"] = True
    if not retry.is_plain:
        body = retry.sheet.encode()
        key = f"cohorts/{retry.cohort.name}/retry-{hashlib.sha256(body).hexdigest()[:12]}.jsonl"
        bucket = stack.output("DataBucketName")
        api.call("s3", "put_object", Bucket=bucket, Key=key, Body=body)
        # a stack that does not know of sheets here does not know this field either, and refuses it
        request |= {"fromStart": retry.from_start, "sheet": {"bucket": bucket, "key": key, "format": "jsonl"}}
    return start_machine(api, stack, f"{retry.cohort.name}-retry", request, known=retry.cohort)


def gone_on(api: Api, stack: Stack, retry: Retry) -> tuple[int, int]:
    """How many of the samples went on where they had failed, and how many started anew."""
    now = {sample.name: sample for sample in cohorts_of(api, stack).samples(retry.cohort.name)}
    pairs = [(before, now[before.name]) for before in retry.samples if before.name in now]
    on = sum(each.attempt == before.attempt and each.redrives > before.redrives for before, each in pairs)
    return on, sum(each.attempt > before.attempt for before, each in pairs)
