"""Says what is wrong with a sheet: every bad row, and rows that lack the same together; pure."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from sluice.cohorts.sheet_cells import SPREADSHEET_NUMBER, plain
from sluice_cli.terminal.output import some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sluice.cohorts.sheet import Row
    from sluice.cohorts.sheet_cells import Problem

_DATE: Final = re.compile(
    r"\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}",
    re.IGNORECASE,
)
"""What Excel makes of MARCH1, SEPT7 or 1-3: https://doi.org/10.1186/s13059-016-1044-7"""

LINES_SHOWN: Final = 200
RANGES_SHOWN: Final = 12


def listing(name: str, problems: Sequence[Problem]) -> str:
    """A sentence on the sheet, and a line for each thing that is wrong."""
    lines = some([str(each) for each in _together(problems)], LINES_SHOWN, indent="  ")
    many = f"{len(problems):,} problem{'s' if len(problems) > 1 else ''}"
    return "\n".join([f"{name} has {many}; nothing was started.", *lines])


def alike_remarks(names: Iterable[str]) -> Iterator[str]:
    """Names samples that differ in capital and small letters only: files of theirs may be taken for one."""
    known: dict[str, str] = {}
    for name in names:
        first = known.setdefault(name.lower(), name)
        if first != name:
            yield f"{first} and {name} differ in capital and small letters only."


def spreadsheet_remarks(rows: Iterable[Row]) -> Iterator[str]:
    """Names cells that a spreadsheet may have rewritten: a sample's name as a date, a value in few digits."""
    for row in rows:
        if _DATE.fullmatch(row.sample):
            yield f"line {row.line}: a spreadsheet may have made the name {row.sample} of another, as a date."
        for name, value in json.loads(row.input).items():
            if isinstance(value, str) and SPREADSHEET_NUMBER.fullmatch(value):
                place = f"line {row.line}, {plain(name)}"
                yield f"{place}: {value} may be a number of which a spreadsheet cut digits."


def _together(problems: Iterable[Problem]) -> Iterator[str]:
    """One text for all rows of which the same is to be said, in the order of their first one."""
    lines: dict[tuple[str | None, str], list[int]] = {}
    for problem in problems:
        lines.setdefault((problem.column, problem.says), []).append(problem.line)
    for (column, says), found in lines.items():
        place = _place(found)
        yield f"{place}, {column}: {says}" if column else f"{place}: {says}"


def _place(lines: Sequence[int]) -> str:
    if not lines[0]:
        return "the sheet"
    ranges = list(_ranges(lines))
    shown = ", ".join(ranges[:RANGES_SHOWN])
    if len(lines) == 1:
        return f"line {shown}"
    return f"lines {shown}" + (f" and {len(ranges) - RANGES_SHOWN:,} more" if ranges[RANGES_SHOWN:] else "")


def _ranges(lines: Iterable[int]) -> Iterator[str]:
    numbered = enumerate(sorted(set(lines)))
    for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        together = [line for _, line in run]
        yield f"{together[0]}" if len(together) == 1 else f"{together[0]}-{together[-1]}"
