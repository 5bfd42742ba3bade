"""The sample sheet that a person names: a file or an object in S3."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import COHORT_NAME
from sluice.cohorts.sheet import parse_sheet
from sluice.cohorts.sheet_cells import InvalidSheetError
from sluice.cohorts.sheet_files import LOOKED_AT, decode_sheet, looks_like_json
from sluice.cohorts.sheet_lines import sheet_format
from sluice_cli.cohorts.sheet_problems import listing
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sluice.cohorts.sheet import Sheet, SheetRules
    from sluice.cohorts.sheet_lines import SheetFormat
    from sluice_cli.aws.ports import Api

OBJECT: Final = re.compile(r"s3://([^/]+)/(.+)")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9]+:/|arn:")
STANDARD_INPUT: Final = "-"
_COMPRESSED: Final = re.compile(r"\.(?:gz|bgz|bz2|xz|zst)$", re.IGNORECASE)


@dataclass(frozen=True)
class SheetFile:
    """A sheet as it came: where it is from, and its bytes."""

    name: str
    body: bytes

    @property
    def fmt(self) -> SheetFormat:
        """Its format, by its name's ending; the standard input, which has none, by how it begins."""
        if self.name == STANDARD_INPUT:
            beginning = self.body[:LOOKED_AT].decode(errors="ignore")
            return "jsonl" if looks_like_json(beginning) else "csv"
        return sheet_format(self.name)


def read_sheet_file(api: Api, name: str) -> SheetFile:
    """Reads a file, the standard input (`-`), or an object (`s3://bucket/key`).

    Raises:
        WrongUsageError: there is no such file.
        AwsError: S3 refused the call.
    """
    found = OBJECT.fullmatch(name)
    if found:
        answer = api.call("s3", "get_object", Bucket=found[1], Key=found[2])
        return SheetFile(name, answer["Body"].read())
    if name == STANDARD_INPUT:
        return SheetFile(name, sys.stdin.buffer.read())
    try:
        return SheetFile(name, Path(name).read_bytes())
    except OSError as error:
        hint = " A sheet is a file, or s3://bucket/key." if _ADDRESS.match(name) else ""
        raise WrongUsageError(f"The sheet {name} cannot be read: {error.strerror}.{hint}") from error


def sheet_stem(sheet_name: str) -> str:
    """The name of a sheet's file without its ending, and without that of what compressed it."""
    return Path(_COMPRESSED.sub("", sheet_name)).stem


def cohort_name(given: str | None, sheet_name: str) -> str:
    """The cohort's name: as given, or that of the sheet's file without its ending.

    Raises:
        WrongUsageError: the file's name is none that a cohort may have.
    """
    if given is not None:
        return given
    stem = sheet_stem(sheet_name)
    if sheet_name == STANDARD_INPUT:
        raise WrongUsageError("A sheet from the standard input has no name: give the cohort's with --cohort.")
    if not COHORT_NAME.fullmatch(stem):
        raise WrongUsageError(
            f"{stem!r} is not a valid cohort name: give one of 1 to 40 of A-Z a-z 0-9 _ - with --cohort."
        )
    return stem


def shared_fields(pairs: Iterable[str]) -> dict[str, str]:
    """Reads `key=value` pairs.

    Raises:
        WrongUsageError: one is not of that form, or a key comes twice.
    """
    fields: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise WrongUsageError(f"--set {pair!r} is not of the form key=value.")
        if key != key.strip():
            raise WrongUsageError(f"--set {pair!r} has blanks round its key: write {key.strip()}={value}.")
        if key in fields:
            raise WrongUsageError(f"--set {key} is given twice: {fields[key]!r} and {value!r}.")
        fields[key] = value
    return fields


def checked_sheet(sheet: SheetFile, rules: SheetRules) -> Sheet:
    """Reads all samples of a sheet.

    Raises:
        WrongUsageError: something is wrong with it; every bad row is named.
    """
    try:
        return parse_sheet(decode_sheet(sheet.body), fmt=sheet.fmt, rules=rules)
    except InvalidSheetError as error:
        raise WrongUsageError(listing(sheet.name, error.problems)) from error
