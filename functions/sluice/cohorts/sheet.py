"""Reads a sample sheet, and says of every bad row at once what is wrong with it; pure.

A sheet is CSV with a header, or JSON Lines. The column `sample` names the sample; the others become fields of
its execution's input.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from sluice.cohorts.model import COHORT_NAME, MAX_EXECUTION_NAME, ROOM_FOR_ATTEMPT, SAMPLE_NAME
from sluice.schema import is_unicode, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SheetFormat = Literal["csv", "jsonl"]

SAMPLE: Final = "sample"
COHORT: Final = "cohort"

MAX_INPUT_BYTES: Final = 32_768
"""An execution's input as UTF-8. It is kept in its sample's item, and the items of a transaction, a hundred
at most, may have 4 MB in all.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

MAX_ROWS: Final = 100_000

LISTED_PROBLEMS: Final = 50
"""Problems that an error's text lists; all of them are in its `problems`."""


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


@dataclass(frozen=True)
class Row:
    """A sample of a sheet: the line on which it ends, its name, and the input of its execution as JSON."""

    line: int
    sample: str
    input: str


@dataclass(frozen=True)
class Sheet:
    """The samples of a sheet in their order."""

    rows: tuple[Row, ...]

    @property
    def sha256(self) -> str:
        """What the samples and their inputs are, in 64 hex digits; the sheet's format does not matter."""
        digest = hashlib.sha256()
        for row in self.rows:
            digest.update(f"{row.input}\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class SheetRules:
    """What is expected of a sheet.

    Attributes:
        cohort: the name of the cohort that it is for.
        shared: fields that every row has unless it says otherwise itself.
        required: fields that every sample must have, `sample` aside.
    """

    cohort: str
    shared: Mapping[str, Any]
    required: tuple[str, ...] = ()


def sheet_format(name: str) -> SheetFormat:
    """Tells a sheet's format by its file's name: JSON Lines if it ends in .jsonl or .ndjson, else CSV."""
    return "jsonl" if name.lower().endswith((".jsonl", ".ndjson")) else "csv"


def decode_sheet(body: bytes) -> str:
    """Reads a sheet's bytes as UTF-8, with or without a byte order mark.

    Raises:
        InvalidSheetError: names the line with the first byte that is not UTF-8.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        says = f"the byte {body[error.start]:#04x} is not UTF-8; save the sheet as UTF-8"
        raise InvalidSheetError([Problem(line, None, says)]) from error


def parse_sheet(text: str, *, fmt: SheetFormat, rules: SheetRules) -> Sheet:
    """Reads a whole sheet.

    Raises:
        InvalidSheetError: with every problem that there is.
    """
    problems = list(_cohort_problems(rules))
    lines = _csv_lines(text, problems) if fmt == "csv" else _json_lines(text, problems)
    rows, seen = [], dict[str, int]()
    for line, fields in lines:
        row, wrong = _row(line, {**rules.shared, **fields}, rules)
        wrong += _repeated(row, seen)
        problems += wrong
        rows.append(row)
    if len(rows) > MAX_ROWS:
        problems.append(Problem(0, None, f"it has {len(rows)} samples; {MAX_ROWS} are allowed"))
    if not rows and not problems:
        problems.append(Problem(0, None, "it has no samples"))
    if problems:
        raise InvalidSheetError(problems)
    return Sheet(tuple(rows))


def _cohort_problems(rules: SheetRules) -> Iterator[Problem]:
    if not COHORT_NAME.fullmatch(rules.cohort):
        says = f"the cohort's name is {shown(rules.cohort)}; it must be 1 to 40 of A-Z a-z 0-9 _ -"
        yield Problem(0, None, says)
    for name in {SAMPLE, COHORT} & rules.shared.keys():
        yield Problem(0, name, "it cannot be shared by all samples")


def _row(line: int, fields: Mapping[str, Any], rules: SheetRules) -> tuple[Row, list[Problem]]:
    """Makes a row of what a line holds, with what is wrong with it."""
    sample = fields.get(SAMPLE)
    wrong = [Problem(line, SAMPLE, says) for says in _name_complaints(sample, rules.cohort)]
    name = "" if wrong else str(sample)
    missing = [name for name in rules.required if fields.get(name) in (None, "")]
    wrong += [Problem(line, name, "it is missing") for name in missing if name != SAMPLE]
    if COHORT in fields and COHORT not in rules.shared:
        wrong.append(Problem(line, COHORT, "it is given when the cohort is launched, not by the sheet"))
    text = json.dumps({**fields, COHORT: rules.cohort}, ensure_ascii=False, separators=(",", ":"))
    wrong += [Problem(line, None, says) for says in _input_complaints(text)]
    return Row(line, name, text), wrong


def _name_complaints(sample: Any, cohort: str) -> Iterator[str]:
    if sample in (None, ""):
        yield "it is missing; every sample needs a name"
    elif not isinstance(sample, str) or not SAMPLE_NAME.fullmatch(sample):
        yield f"it is {shown(sample)}; a name is 1 to 64 of A-Z a-z 0-9 . _ -"
    elif len(sample) + len(cohort) + ROOM_FOR_ATTEMPT > MAX_EXECUTION_NAME:
        most = MAX_EXECUTION_NAME - ROOM_FOR_ATTEMPT
        yield f"{sample} is too long: with the cohort's name it may have {most} characters"


def _input_complaints(text: str) -> Iterator[str]:
    if not is_unicode(text):
        yield "it contains an unpaired surrogate"
    elif len(text.encode()) > MAX_INPUT_BYTES:
        yield f"its execution's input is {len(text.encode())} bytes; {MAX_INPUT_BYTES} are allowed"


def _repeated(row: Row, seen: dict[str, int]) -> list[Problem]:
    if not row.sample:
        return []
    first = seen.setdefault(row.sample, row.line)
    return [] if first == row.line else [Problem(row.line, SAMPLE, f"{row.sample} is also on line {first}")]


def _csv_lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the rows of a CSV with a header; empty cells are left out."""
    csv.field_size_limit(MAX_INPUT_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = _csv_rows(reader, problems)
    header = [name.strip() for name in next(rows, [])]
    if header and not _is_header(header, problems):
        return
    for cells in rows:
        if len(cells) != len(header):
            says = f"it has {len(cells)} cells; the header has {len(header)}"
            problems.append(Problem(reader.line_num, None, says))
        else:
            stripped = (cell.strip() for cell in cells)
            yield reader.line_num, {name: cell for name, cell in zip(header, stripped, strict=True) if cell}


def _csv_rows(reader: Any, problems: list[Problem]) -> Iterator[list[str]]:
    """Yields the rows that are not blank, as far as the text is CSV."""
    try:
        yield from (cells for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, None, f"not valid CSV: {error}"))


def _is_header(header: Sequence[str], problems: list[Problem]) -> bool:
    wrong = [Problem(1, name, "two columns have this name") for name in _twice(header)]
    if "" in header:
        wrong.append(Problem(1, None, f"column {header.index('') + 1} has no name"))
    if SAMPLE not in header:
        says = f"there is no column {SAMPLE}; there are: {listed(header)}"
        wrong.append(Problem(1, SAMPLE, says))
    problems += wrong
    return not wrong


def _twice(names: Sequence[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name and names.index(name) < index]


def _json_lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the objects of JSON Lines; blank lines are passed over."""
    for line, body in enumerate(text.split("\n"), start=1):
        if not body.strip():
            continue
        try:
            fields = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(line, None, f"not valid JSON: {_short(error)}"))
            continue
        if isinstance(fields, dict):
            yield line, fields
        else:
            problems.append(Problem(line, None, f"it is {shown(fields)}; a sample is a JSON object"))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _short(error: Exception) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)
