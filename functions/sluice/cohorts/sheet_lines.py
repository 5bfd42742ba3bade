"""Reads the lines of a sample sheet as people write them, and says what is wrong with each; pure.

A sheet is CSV with a header, separated by commas, semicolons or tabs, or JSON Lines. What would be taken for
something else than was meant is refused: quotes that do not match, characters that nobody sees, a name twice.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from sluice.cohorts.sheet_cells import (
    InvalidSheetError,
    Problem,
    cell_complaint,
    plain,
    spelled,
    unseen_complaint,
)
from sluice.cohorts.sheet_json import json_lines
from sluice.schema import did_you_mean, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SheetFormat = Literal["csv", "tsv", "jsonl"]

Line = tuple[int, dict[str, Any]]
"""The number of a line, from 1, and the fields that it has."""

SAMPLE: Final = "sample"

_CALLED_LIKE_SAMPLE: Final = (SAMPLE, "samples", "sample id", "sample name")

SEPARATORS: Final = {"csv": ",;\t", "tsv": "\t,;"}
"""What may separate cells, by the format; the first one unless only another gives a column `sample`."""

_SEPARATOR_LINE = re.compile(r'"?sep=([^\w"\s]|\t)"?\1*', re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_OTHER_SEPARATORS: Final = re.compile(r"[|:\s]+")

_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE_END_BYTES = re.compile(rb"\r\n|\n|\r")

_STRIPPED: Final = " \t\u00a0"
"""Blanks round a cell that nobody means: those of keyboards, and the one that web pages have."""

_AS_CSV: Final = "save it as CSV in UTF-8"
_FILES_OF_OTHERS: Final = (
    (rb"PK\x03\x04|PK\x05\x06", f"it is a spreadsheet or an archive (.xlsx, .ods, .zip); {_AS_CSV}"),
    (rb"\xd0\xcf\x11\xe0", f"it is a spreadsheet (.xls); {_AS_CSV}"),
    (rb"\x1f\x8b", "it is compressed with gzip; unpack it first: gunzip"),
    (rb"BZh\d", "it is compressed with bzip2; unpack it first: bunzip2"),
    (rb"\xfd7zXZ\x00", "it is compressed with xz; unpack it first: unxz"),
    (rb"\x28\xb5\x2f\xfd", "it is compressed with zstd; unpack it first: unzstd"),
    (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", f"it is UTF-32; {_AS_CSV}"),
    (rb"\xff\xfe", f"it is UTF-16, as Excel's Unicode Text; {_AS_CSV}"),
    (rb"\xfe\xff|\x00[^\x00]\x00[^\x00]|[^\x00]\x00[^\x00]\x00", f"it is UTF-16; {_AS_CSV}"),
    (rb"%PDF-", f"it is a PDF; {_AS_CSV}"),
    (rb"\{\\rtf", f"it is RTF, of a word processor; {_AS_CSV}"),
    (
        rb"\s*(?i:<!doctype html|<html)",
        "it is a web page, perhaps a login in the sheet's place",
    ),
)
"""Files that are no text in UTF-8, by how they begin."""


def sheet_format(name: str) -> SheetFormat:
    """Tells a sheet's format by the ending of its file's name; CSV where that says nothing."""
    lower = name.lower()
    if lower.endswith((".jsonl", ".ndjson", ".json")):
        return "jsonl"
    return "tsv" if lower.endswith((".tsv", ".tab")) else "csv"


def decode_sheet(body: bytes) -> str:
    """Reads a sheet's bytes as UTF-8, with or without a byte order mark.

    Raises:
        InvalidSheetError: says what else it is, or names the line with the first byte that is not UTF-8.
    """
    for beginning, says in _FILES_OF_OTHERS:
        if re.match(beginning, body):
            raise InvalidSheetError([Problem(0, None, says)])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(_LINE_END_BYTES.findall(body, 0, error.start)) + 1
        byte = body[error.start : error.start + 1]
        seen = byte.decode("cp1252", errors="ignore")
        perhaps = f" ({seen} in Windows-1252)" if seen else ""
        says = f"the byte {byte[0]:#04x}{perhaps} is not UTF-8; save the sheet as UTF-8"
        raise InvalidSheetError([Problem(line, None, says)]) from error


def sheet_lines(text: str, fmt: SheetFormat, problems: list[Problem]) -> Iterator[Line]:
    """Yields the fields of each line that has any, and adds what is wrong to the problems."""
    lines = _LINE_END.split(text)
    if fmt == "jsonl":
        return json_lines(lines, problems)
    return _csv_lines(lines, SEPARATORS[fmt], problems)


def _csv_lines(lines: Sequence[str], separators: str, problems: list[Problem]) -> Iterator[Line]:
    """Yields the rows of a CSV with a header; empty cells are left out."""
    told = _SEPARATOR_LINE.fullmatch(lines[0])
    first = next((at for at in range(1 if told else 0, len(lines)) if lines[at].strip()), None)
    if first is None:
        return
    if lines[first].lstrip()[0] in "{[":
        problems.append(Problem(first + 1, None, "it is JSON; give JSON Lines a name that ends in .jsonl"))
        return
    separator = told[1] if told else _separator(lines[first], separators)
    complaint, _ = _quote_complaint(lines, first, separator)
    header = _stripped(lines[first], separator)
    wrong = [Problem(first + 1, None, complaint)] if complaint else _header_problems(first + 1, header)
    problems += wrong
    if wrong:
        return
    for number, cells in _rows(lines, first + 1, separator, problems):
        fields = _fields(number, header, cells, problems)
        if fields is not None:
            yield number, fields


def _separator(header: str, separators: str) -> str:
    headers = {each: _stripped(header, each) for each in separators}
    exact = (each for each, names in headers.items() if SAMPLE in names)
    near = (each for each, names in headers.items() if _like_sample(names))
    return next(exact, None) or next(near, separators[0])


def _stripped(line: str, separator: str) -> list[str]:
    # spreadsheets and people write a blank before a cell's quote
    if len(line) > csv.field_size_limit():  # 128 KiB at first; it is the whole program's
        csv.field_size_limit(len(line))
    cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip(_STRIPPED) for cell in cells]


def _header_problems(line: int, header: Sequence[str]) -> list[Problem]:
    wrong = []
    for number, name in enumerate(header, start=1):
        complaint = unseen_complaint(name)
        if complaint:
            wrong.append(Problem(line, f"column {number}", complaint))
    wrong += [Problem(line, plain(name), "two columns have this name") for name in _twice(header)]
    if SAMPLE not in header:
        wrong.append(Problem(line, SAMPLE, f"there is no column {SAMPLE}; {_instead(header)}"))
    return wrong


def _like_sample(header: Sequence[str]) -> str | None:
    """The column that is called much like `sample`, if there is one."""
    return next(filter(None, (did_you_mean(name, header) for name in _CALLED_LIKE_SAMPLE)), None)


def _instead(header: Sequence[str]) -> str:
    """What there is instead of the column `sample`."""
    near = _like_sample(header)
    if near is not None:
        return f"rename {plain(near)} to {SAMPLE}"
    if len(header) == 1 and SAMPLE in _OTHER_SEPARATORS.split(header[0]):
        return f"separate the cells of {plain(header[0])} by commas, semicolons or tabs"
    return f"there are: {listed([spelled(name) for name in header])}"


def _rows(
    lines: Sequence[str], first: int, separator: str, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Yields the number and the cells of each line that is not blank and whose quotes match."""
    at = first
    while at < len(lines):
        complaint, following = _quote_complaint(lines, at, separator)
        if complaint:
            problems.append(Problem(at + 1, None, complaint))
        else:
            cells = _stripped(lines[at], separator)
            if any(cells):
                yield at + 1, cells
        at = following


def _quote_complaint(lines: Sequence[str], at: int, separator: str) -> tuple[str | None, int]:
    """What is wrong with the quotes of a line, and from where to read on.

    https://www.rfc-editor.org/rfc/rfc4180#section-2
    """
    line, following = lines[at], at + 1
    if '"' not in line:
        return None, following
    cell = re.escape(separator)
    left = re.sub(rf'(^|{cell}) *"(?:[^"]|"")*" *(?={cell}|$)', r"\1", line)
    if '"' not in left:
        return None, following
    if not re.search(rf'(?:^|{cell}) *"', left):
        return "it has a quote within a cell that is not in quotes", following
    if line.count('"') % 2 == 0:
        return "it has text behind the quote that closes a cell", following
    closing = next((each for each in range(following, len(lines)) if lines[each].count('"') % 2), None)
    if closing is None:
        return "it opens a quote that is never closed", following
    return f"it opens a quote that closes on line {closing + 1}; a cell has no line breaks", closing + 1


def _fields(
    line: int, header: Sequence[str], cells: Sequence[str], problems: list[Problem]
) -> dict[str, Any] | None:
    """The named cells that are not empty; None if they do not fit the header."""
    least = max(number for number, name in enumerate(header, start=1) if name)
    if len(cells) < least or any(cells[len(header) :]):
        many = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        problems.append(Problem(line, None, f"it has {many}; the header has {least}"))
        return None
    named = zip(header, cells, strict=False)  # empty cells behind the header's are a spreadsheet's
    fields = {name: cell for name, cell in named if cell}
    if "" in fields:
        says = f"it has {shown(fields.pop(''))} in a column without a name"
        problems.append(Problem(line, None, says))
    complaints = ((name, cell_complaint(cell)) for name, cell in fields.items())
    problems += [Problem(line, plain(name), says) for name, says in complaints if says]
    return fields


def _twice(names: Sequence[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name and names.index(name) < index]
