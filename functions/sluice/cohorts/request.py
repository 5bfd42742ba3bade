"""Reads what invokes the functions of cohorts: a request to start samples, and ends of executions; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import COHORT_NAME, WORKFLOW_ARN
from sluice.cohorts.sheet_lines import SheetFormat, sheet_format
from sluice.events import InvalidEventError
from sluice.schema import Fields, Flag, Text, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping


MAX_MS: Final = 2**53
"""Times beyond this are no JSON integers that every reader keeps exactly."""


class Only(StrEnum):
    """Which samples to start: those of the sheet that never were, or again those that failed."""

    ALL = "all"
    FAILED = "failed"


@dataclass(frozen=True)
class SheetPlace:
    """Where a sheet lies: an object in S3, or the text itself."""

    fmt: SheetFormat
    bucket: str | None = None
    key: str | None = None
    inline: str | None = None


@dataclass(frozen=True)
class StartRequest:
    """What start_samples is asked to do.

    Attributes:
        cohort: its name.
        workflow_arn: the state machine that each sample runs; None with `only` FAILED.
        sheet: with `only` FAILED the samples to try again, with their inputs; None for all that failed.
        shared: fields that all rows have unless they say otherwise.
        only: which samples.
        as_of: when a person asked for it, ms since the epoch.
        from_start: whether samples that are tried again start from the beginning, wherever they failed.
    """

    cohort: str
    workflow_arn: str | None
    sheet: SheetPlace | None
    shared: Mapping[str, Any]
    only: Only
    as_of: int
    from_start: bool = False


_COHORT = Text(pattern=COHORT_NAME, described="1 to 40 of A-Z a-z 0-9 _ -")
_WORKFLOW = Text(pattern=WORKFLOW_ARN, described="the ARN of a state machine")


_SHEET = Fields(
    {
        "bucket": Text(least=3, most=63),
        "key": Text(least=1, most=1024),
        "inline": Text(),
        "format": Text(pattern=re.compile("csv|tsv|jsonl"), described="csv, tsv or jsonl"),
    }
)
_REQUEST = Fields(
    {
        "cohort": _COHORT,
        "workflowArn": _WORKFLOW,
        "sheet": _SHEET,
        "shared": Fields({}, others=True),
        "only": Text(pattern=re.compile("all|failed"), described="all or failed"),
        "fromStart": Flag(),
        "asOf": Whole(least=0, most=MAX_MS),
    },
    required=("cohort",),
)


def read_start_request(event: Any, *, now_ms: int) -> StartRequest:
    """Reads the event of start_samples, which is the input of the cohort's state machine.

    Args:
        event: `cohort`; with `only` "all" (the default) also `workflowArn` and `sheet`, which is either
            `{"bucket": …, "key": …}` or `{"inline": …}`, with a `format` where the key does not tell it. With
            `only` "failed" a `sheet` names the samples to try again, and has their inputs.
        now_ms: the time of asking where the event has no `asOf`.

    Raises:
        InvalidEventError: names the field, what it holds and what is allowed.
    """
    for complaint in _REQUEST.complaints("", event):
        raise InvalidEventError(complaint)
    only = Only(event.get("only", Only.ALL))
    if only is Only.ALL and not {"workflowArn", "sheet"} <= event.keys():
        raise InvalidEventError("workflowArn and sheet are needed to start the samples of a sheet")
    return StartRequest(
        cohort=event["cohort"],
        workflow_arn=event.get("workflowArn"),
        sheet=_place(event["sheet"]) if "sheet" in event else None,
        shared=event.get("shared", {}),
        only=only,
        as_of=event.get("asOf", now_ms),
        from_start=event.get("fromStart", False),
    )


def _place(sheet: Mapping[str, str]) -> SheetPlace:
    in_s3 = {"bucket", "key"} & sheet.keys()
    if ("inline" in sheet) == bool(in_s3) or len(in_s3) == 1:
        raise InvalidEventError("sheet must have either inline, or bucket and key")
    told: Any = sheet.get("format", sheet_format(sheet.get("key", "")))
    return SheetPlace(told, sheet.get("bucket"), sheet.get("key"), sheet.get("inline"))
