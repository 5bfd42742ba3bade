"""Reads sheets as the tests of sheets do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.sheet import Sheet, SheetRules, parse_sheet
from sluice.cohorts.sheet_cells import InvalidSheetError
from sluice.cohorts.sheet_files import decode_sheet

if TYPE_CHECKING:
    from sluice.cohorts.sheet_lines import SheetFormat


def read(text: str, fmt: SheetFormat = "csv", **rules: Any) -> Sheet:
    """Reads a sheet of the cohort run-7."""
    return parse_sheet(text, fmt=fmt, rules=SheetRules(**{"cohort": "run-7", "shared": {}, **rules}))


def inputs(sheet: Sheet) -> list[dict[str, Any]]:
    """The inputs of a sheet's samples."""
    return [json.loads(row.input) for row in sheet.rows]


def problems(text: str | bytes, fmt: SheetFormat = "csv", **rules: Any) -> list[str]:
    """All that is wrong with a sheet that is refused."""
    with pytest.raises(InvalidSheetError) as caught:
        read(decode_sheet(text) if isinstance(text, bytes) else text, fmt, **rules)
    return [str(problem) for problem in caught.value.problems]
