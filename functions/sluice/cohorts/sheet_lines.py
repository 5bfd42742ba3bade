"""Reads the lines of a sample sheet as people write them, and says what is wrong with each; pure.

A sheet is CSV with a header, separated by commas, semicolons or tabs, or JSON Lines. What would be taken for
something else than was meant is refused: quotes that do not match, characters that nobody sees, names alike.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final, Literal

from sluice.cohorts.sheet_cells import (
    SAMPLE,
    Problem,
    cell_complaint,
    comment_complaint,
    like_sample,
    plain,
    spelled,
    unseen_complaint,
)
from sluice.cohorts.sheet_files import looks_like_json
from sluice.cohorts.sheet_json import json_lines
from sluice.schema import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SheetFormat = Literal["csv", "tsv", "jsonl"]

Line = tuple[int, dict[str, Any]]
"""The number of a line, from 1, and the fields that it has."""

SEPARATORS: Final = {"csv": ",;\t", "tsv": "\t,;"}
"""What may separate cells, by the format; the first one unless only another gives a column `sample`."""

_NAMES_OF_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}

_SEPARATOR_LINE = re.compile(r'"?sep=([^\w"\s]|\t)"?\1*', re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_OTHER_SEPARATORS: Final = re.compile(r"[|:\s]+")

_PREAMBLE: Final = 50
"""Lines that may stand before the header of a sheet that some program wrote."""

_ALL_IN_QUOTES: Final = "all of a line is in one pair of quotes; take those out"

_LINE_END = re.compile(r"\r\n|\n|\r")

_EMPTY: Final = ' ",;\t\u00a0'
"""What a line consists of whose cells are all empty."""

_STRIPPED: Final = " \t\u00a0"
"""Blanks round a cell that nobody means: those of keyboards, and the one that web pages have."""


def sheet_format(name: str) -> SheetFormat:
    """Tells a sheet's format by the ending of its file's name; CSV where that says nothing."""
    lower = name.lower()
    if lower.endswith((".jsonl", ".ndjson", ".json")):
        return "jsonl"
    return "tsv" if lower.endswith((".tsv", ".tab")) else "csv"


def sheet_lines(text: str, fmt: SheetFormat, problems: list[Problem]) -> Iterator[Line]:
    """Yields the fields of each line that has any, and adds what is wrong to the problems."""
    lines = _LINE_END.split(text)
    if fmt == "jsonl":
        return json_lines(lines, problems)
    return _csv_lines(lines, SEPARATORS[fmt], problems)


def _csv_lines(lines: Sequence[str], separators: str, problems: list[Problem]) -> Iterator[Line]:
    """Yields the rows of a CSV with a header; empty cells are left out."""
    told = _SEPARATOR_LINE.fullmatch(lines[0])
    first = _header_at(lines, 1 if told else 0, problems)
    if first is None:
        return
    if looks_like_json(lines[first]):
        problems.append(Problem(first + 1, None, "it is JSON; give JSON Lines a name that ends in .jsonl"))
        return
    separator = told[1] if told else _separator(lines[first], separators)
    complaint, _ = _quote_complaint(lines, first, separator)
    header = _stripped(lines[first], separator)
    wrong = [Problem(first + 1, None, complaint)] if complaint else _header_problems(first + 1, header)
    if not complaint and SAMPLE not in header:
        instead = _instead(header, lines, first + 1)
        wrong.append(Problem(first + 1, SAMPLE, f"there is no column {SAMPLE}; {instead}"))
    problems += wrong
    if wrong:
        return
    sample_at, named = header.index(SAMPLE), header[: _least(header)]
    for number, cells in _rows(lines, first + 1, separator, problems):
        line = lines[number - 1]
        misfit = _misfit(header, cells, line, separator)
        if not misfit and cells[: len(named)] == named:
            misfit = "it is the header again; take it out"
        complaint = comment_complaint(line if misfit else cells[sample_at]) or misfit
        if complaint:
            problems.append(Problem(number, None, complaint))
        else:
            yield number, _fields(number, header, cells, problems)


def _header_at(lines: Sequence[str], first: int, problems: list[Problem]) -> int | None:
    """Where the header is: the first line that is not empty and no comment; `#sample` is one to rename."""
    for at in range(first, len(lines)):
        complaint = comment_complaint(lines[at])
        if complaint and not any(like_sample(_stripped(lines[at], each)) for each in SEPARATORS["csv"]):
            problems.append(Problem(at + 1, None, complaint))
        elif lines[at].strip(_EMPTY):
            return at
    return None


def _separator(header: str, separators: str) -> str:
    headers = {each: _stripped(header, each) for each in separators}
    exact = (each for each, names in headers.items() if SAMPLE in names)
    near = (each for each, names in headers.items() if like_sample(names))
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
    wrong += _alike(line, header)
    return wrong


def _alike(line: int, header: Sequence[str]) -> Iterator[Problem]:
    """Columns of one name, or of names that people and programs may take for one."""
    alike: dict[str, list[str]] = {}
    for name in filter(None, header):
        before = alike.setdefault(_composed(name).casefold(), [])
        if name in before:
            yield Problem(line, plain(name), "two columns have this name")
        elif before:
            same = _composed(name) == _composed(before[0])
            how = "look the same" if same else "differ in capital and small letters only"
            both = f"{spelled(before[0])} and {spelled(name)}"
            yield Problem(line, None, f"the columns {both} {how}; rename or remove one")
        before.append(name)


def _composed(name: str) -> str:
    # an accent may be a character of its own: https://www.unicode.org/reports/tr15/
    return unicodedata.normalize("NFC", name)


def _instead(header: Sequence[str], lines: Sequence[str], following: int) -> str:
    """What there is instead of the column `sample`."""
    near = like_sample(header)
    if near is not None:
        return f"rename {plain(near)} to {SAMPLE}"
    if len(header) == 1 and SAMPLE in _OTHER_SEPARATORS.split(header[0]):
        return f"separate the cells of {plain(header[0])} by commas, semicolons or tabs"
    if len(header) == 1 and any(SAMPLE in _stripped(header[0], each) for each in SEPARATORS["csv"]):
        return _ALL_IN_QUOTES
    for at in range(following, min(following + _PREAMBLE, len(lines))):
        if any(SAMPLE in names and names[1:] for names in (_stripped(lines[at], each) for each in ",;\t")):
            return f"it is on line {at + 1}: take out the lines before that"
    return f"there are: {listed([spelled(name) for name in header if name])}"


def _rows(
    lines: Sequence[str], first: int, separator: str, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Yields the number and the cells of each line that is not blank and whose quotes match."""
    at = first
    while at < len(lines):
        complaint, following = _quote_complaint(lines, at, separator)
        comment = comment_complaint(lines[at])
        if complaint and comment:
            problems.append(Problem(at + 1, None, comment))
            following = at + 1
        elif complaint:
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
        is_formula = re.search(rf"(?:^|{cell}) *=", line)
        within = "a formula; write its value" if is_formula else "a quote within a cell that is not in quotes"
        return f"it has {within}", following
    if line.count('"') % 2 == 0:
        return "it has text behind the quote that closes a cell", following
    closing = next((each for each in range(following, len(lines)) if lines[each].count('"') % 2), None)
    if closing is None:
        return "it opens a quote that is never closed", following
    return f"it opens a quote that closes on line {closing + 1}; a cell has no line breaks", closing + 1


def _misfit(header: Sequence[str], cells: Sequence[str], line: str, separator: str) -> str | None:
    """Says why a line does not fit the header, if it does not."""
    if _fits(header, cells):
        return None
    for other in SEPARATORS["csv"]:
        if other != separator and len(apart := _stripped(line, other)) > 1 and _fits(header, apart):
            those = _NAMES_OF_SEPARATORS.get(separator, shown(separator))
            return f"its cells are separated by {_NAMES_OF_SEPARATORS[other]}, those of the header by {those}"
    if len(cells) == 1 and '"' in line and _fits(header, _stripped(cells[0], separator)):
        return _ALL_IN_QUOTES
    many = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    unseen = next(filter(None, map(unseen_complaint, cells)), None)
    return unseen or f"it has {many}; the header has {_least(header)}"


def _fits(header: Sequence[str], cells: Sequence[str]) -> bool:
    # empty cells behind the header's are a spreadsheet's
    return len(cells) >= _least(header) and not any(cells[len(header) :])


def _least(header: Sequence[str]) -> int:
    """How many cells a line must have."""
    return max(number for number, name in enumerate(header, start=1) if name)


def _fields(
    line: int, header: Sequence[str], cells: Sequence[str], problems: list[Problem]
) -> dict[str, Any]:
    """The named cells that are not empty."""
    named = zip(header, cells, strict=False)
    fields = {name: cell for name, cell in named if cell}
    if fields.pop("", None):
        numbered = enumerate(zip(header, cells, strict=False), start=1)
        nameless = next(number for number, (name, cell) in numbered if cell and not name)
        says = f"column {nameless} has a value here and no name; name it or empty it"
        problems.append(Problem(line, None, says))
    complaints = ((name, cell_complaint(cell)) for name, cell in fields.items())
    problems += [Problem(line, plain(name), says) for name, says in complaints if says]
    return fields
