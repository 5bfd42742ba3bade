"""Reads the lines of a sample sheet as people write them, and says what is wrong with each; pure.

A sheet is CSV with a header, separated by commas, semicolons or tabs, or JSON Lines. What would be taken for
something else than was meant is refused: quotes that do not match, characters that nobody sees, a name twice.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from sluice.schema import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SheetFormat = Literal["csv", "tsv", "jsonl"]

Line = tuple[int, dict[str, Any]]
"""The number of a line, from 1, and the fields that it has."""

SAMPLE: Final = "sample"

LISTED_PROBLEMS: Final = 50
"""Problems that an error's text lists; all of them are in its `problems`."""

INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's categories of characters that control or format what is around them: https://www.unicode.org/reports/tr44/"""

SEPARATORS: Final = {"csv": ",;\t", "tsv": "\t,;"}
"""What may separate cells, by the format; the first one unless only another gives a column `sample`."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?')
"""The first line by which Excel is told the separator."""

_LINE_END = re.compile(r"\r\n|\n|\r")

_FILES_OF_OTHERS: Final = (
    (b"PK\x03\x04", "it is a spreadsheet or an archive (.xlsx, .ods, .zip); save it as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "it is a spreadsheet (.xls); save it as CSV in UTF-8"),
    (b"\x1f\x8b", "it is compressed with gzip; unpack it first: gunzip"),
    (b"\xff\xfe", "it is UTF-16, as Excel's Unicode Text; save it as CSV in UTF-8"),
    (b"\xfe\xff", "it is UTF-16; save it as CSV in UTF-8"),
)
"""Files that are no text in UTF-8, by how they begin."""


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place of a sheet; line 0 is the sheet as a whole, lines count from 1."""

    line: int
    column: str | None
    says: str

    def __str__(self) -> str:
        """The place and what is wrong there."""
        place = f"line {self.line}" if self.line else "the sheet"
        return f"{place}, {self.column}: {self.says}" if self.column else f"{place}: {self.says}"


class InvalidSheetError(ValueError):
    """Raised for a sheet from which nothing should be started; `problems` names every bad row."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """The text lists the first problems."""
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:LISTED_PROBLEMS]]
        rest = len(self.problems) - len(lines)
        super().__init__("\n".join([*lines, f"and {rest} more"] if rest > 0 else lines))


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
        if body.startswith(beginning):
            raise InvalidSheetError([Problem(0, None, says)])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        says = f"the byte {body[error.start]:#04x} is not UTF-8; save the sheet as UTF-8"
        raise InvalidSheetError([Problem(line, None, says)]) from error


def sheet_lines(text: str, fmt: SheetFormat, problems: list[Problem]) -> Iterator[Line]:
    """Yields the fields of each line that has any, and adds what is wrong to the problems."""
    if fmt == "jsonl":
        return _json_lines(text, problems)
    return _csv_lines(_LINE_END.split(text), SEPARATORS[fmt], problems)


def invisible_complaint(value: Any) -> str | None:
    """Names the first character that nobody sees, wherever it is in a value; None if there is none."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and not each.isprintable():
            found = next((char for char in each if unicodedata.category(char) in INVISIBLE), None)
            if found is not None:
                return f"it is {shown(each)}, with {_named(found)}, which nobody sees; take it out"
    return None


def plain(name: str) -> str:
    """A column's name as it is safe to show: escaped and in quotes if not all of it can be seen."""
    return name if name.isprintable() else shown(name)


def _named(char: str) -> str:
    name = unicodedata.name(char, "a control character")
    return f"U+{ord(char):04X} ({name})"


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
    found = (each for each in separators if SAMPLE in _stripped(header, each))
    return next(found, separators[0])


def _stripped(line: str, separator: str) -> list[str]:
    # spreadsheets and people write a blank before a cell's quote
    if len(line) > csv.field_size_limit():  # 128 KiB at first; it is the whole program's
        csv.field_size_limit(len(line))
    cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def _header_problems(line: int, header: Sequence[str]) -> list[Problem]:
    wrong = []
    for number, name in enumerate(header, start=1):
        complaint = invisible_complaint(name)
        if complaint:
            wrong.append(Problem(line, f"column {number}", complaint))
    wrong += [Problem(line, plain(name), "two columns have this name") for name in _twice(header)]
    if SAMPLE not in header:
        there = listed([plain(name) for name in header])
        wrong.append(Problem(line, SAMPLE, f"there is no column {SAMPLE}; there are: {there}"))
    return wrong


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
    if len(cells) < len(header) or any(cells[len(header) :]):
        many = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        problems.append(Problem(line, None, f"it has {many}; the header has {len(header)}"))
        return None
    named = zip(header, cells, strict=False)  # empty cells behind the header's are a spreadsheet's
    fields = {name: cell for name, cell in named if cell}
    if "" in fields:
        says = f"it has {shown(fields.pop(''))} in a column without a name"
        problems.append(Problem(line, None, says))
    return fields


def _twice(names: Sequence[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name and names.index(name) < index]


def _json_lines(text: str, problems: list[Problem]) -> Iterator[Line]:
    """Yields the objects of JSON Lines; blank lines are passed over."""
    if text.lstrip().startswith("["):
        says = "it is a JSON array; JSON Lines has one object a line: jq -c '.[]' RUN.json > RUN.jsonl"
        problems.append(Problem(0, None, says))
        return
    for line, body in enumerate(text.split("\n"), start=1):
        if not body.strip():
            continue
        try:
            fields = json.loads(
                body, parse_constant=_refuse_number, parse_float=_number, object_pairs_hook=_object
            )
        except (ValueError, RecursionError) as error:
            problems.append(Problem(line, None, f"not valid JSON: {_short(error)}"))
            continue
        if isinstance(fields, dict):
            yield line, fields
        else:
            problems.append(Problem(line, None, f"it is {shown(fields)}; a sample is a JSON object"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError(f"the name {shown(_twice([name for name, _ in pairs])[0])} is there twice")
    return fields


def _number(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _short(error: Exception) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)
