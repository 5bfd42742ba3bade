"""The samples of a sheet, all that is wrong with it at once, and how it differs from what started; pure.

The column `sample` names the sample; the others become fields of its execution's input.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import COHORT_NAME, MAX_EXECUTION_NAME, ROOM_FOR_ATTEMPT, SAMPLE_NAME
from sluice.cohorts.sheet_cells import (
    SAMPLE,
    SPREADSHEET_NUMBER,
    InvalidSheetError,
    Problem,
    like_sample,
    plain,
    unseen_complaint,
)
from sluice.cohorts.sheet_lines import sheet_lines
from sluice.schema import did_you_mean, is_unicode, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sluice.cohorts.sheet_lines import SheetFormat
    from sluice.schema import Kind

COHORT: Final = "cohort"

MAX_INPUT_BYTES: Final = 32_768
"""An execution's input as UTF-8. It is kept in its sample's item, and the items of a transaction, a hundred
at most, may have 4 MB in all.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

MAX_ROWS: Final = 100_000

ONE_ROW: Final = (
    "a sample has one row; put the files of several lanes into columns of their own, or into a list in JSON "
    "Lines, or join them, or give each row a sample name of its own"
)

_REWRITTEN: Final = "a number as a spreadsheet writes it; format the column as text and write the names anew"


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
        kinds: what fields must be where they are given.
    """

    cohort: str
    shared: Mapping[str, Any]
    required: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def parse_sheet(text: str, *, fmt: SheetFormat, rules: SheetRules) -> Sheet:
    """Reads a whole sheet.

    Raises:
        InvalidSheetError: with every problem that there is.
    """
    problems = list(_cohort_problems(rules))
    rows, seen = [], dict[str, Row]()
    for line, fields in sheet_lines(text, fmt, problems):
        row, wrong = _row(line, fields, rules)
        wrong += _repeated(row, seen)
        problems += wrong
        rows.append(row)
    if _have_differing_rows(rows, seen):
        problems.insert(0, Problem(0, SAMPLE, ONE_ROW))
    if len(rows) > MAX_ROWS:
        problems.append(Problem(0, None, f"it has {len(rows):,} samples; {MAX_ROWS:,} are allowed"))
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
    yield from _field_problems(0, rules.shared, rules)


def _row(line: int, own: Mapping[str, Any], rules: SheetRules) -> tuple[Row, list[Problem]]:
    """Makes a row of the fields that a line has itself, with what is wrong with it."""
    fields = {**rules.shared, **own}
    sample = fields.get(SAMPLE)
    complaints = [_no_name(own)] if sample in (None, "") else _name_complaints(sample, rules.cohort)
    wrong = [Problem(line, SAMPLE, says) for says in complaints]
    name = "" if wrong else str(sample)
    missing = [name for name in rules.required if fields.get(name) in (None, "")]
    wrong += [Problem(line, name, _missing(name, own)) for name in missing if name != SAMPLE]
    others = {name: value for name, value in own.items() if name != SAMPLE and name not in missing}
    wrong += _field_problems(line, others, rules)
    if COHORT in own:
        wrong.append(Problem(line, COHORT, "it is given when the cohort is launched, not by the sheet"))
    text = json.dumps({**fields, COHORT: rules.cohort}, ensure_ascii=False, separators=(",", ":"))
    wrong += [Problem(line, None, says) for says in _input_complaints(text)]
    return Row(line, name, text), wrong


def _field_problems(line: int, fields: Mapping[str, Any], rules: SheetRules) -> Iterator[Problem]:
    """Characters that nobody sees, and values that are not of their field's kind."""
    for name, value in fields.items():
        unseen = unseen_complaint(name) or unseen_complaint(value)
        kind = rules.kinds.get(name)
        complaints = [unseen] if unseen else kind.complaints("it", value) if kind else ()
        for says in complaints:
            yield Problem(line, plain(name), says)


def _missing(name: str, own: Mapping[str, Any]) -> str:
    near = did_you_mean(name, own)
    return f"it is missing; rename {plain(near)} to {name}" if near else "it is missing"


def _no_name(own: Mapping[str, Any]) -> str:
    near = like_sample(own)
    return f"it is missing; {f'rename {plain(near)} to {SAMPLE}' if near else 'every sample needs a name'}"


def _name_complaints(sample: Any, cohort: str) -> Iterator[str]:
    if isinstance(sample, int | float):
        yield f"it is {shown(sample)}; write the name in quotes"
    elif unseen := unseen_complaint(sample):
        yield unseen
    elif isinstance(sample, str) and SPREADSHEET_NUMBER.fullmatch(sample):
        yield f"it is {sample}, {_REWRITTEN}"
    elif not isinstance(sample, str) or not SAMPLE_NAME.fullmatch(sample):
        yield f"it is {shown(sample)}; a name is 1 to 64 of A-Z a-z 0-9 . _ -"
    elif not any(map(str.isalnum, sample)):
        yield f"it is {sample}; a name has a letter or a digit"
    elif len(sample) + len(cohort) + ROOM_FOR_ATTEMPT > MAX_EXECUTION_NAME:
        most = MAX_EXECUTION_NAME - ROOM_FOR_ATTEMPT
        yield f"{sample} is too long: with the cohort's name it may have {most} characters"


def _input_complaints(text: str) -> Iterator[str]:
    if not is_unicode(text):
        yield "it contains an unpaired surrogate"
    elif len(text.encode()) > MAX_INPUT_BYTES:
        yield f"its execution's input is {len(text.encode())} bytes; {MAX_INPUT_BYTES} are allowed"


def _repeated(row: Row, seen: dict[str, Row]) -> list[Problem]:
    first = seen.setdefault(row.sample, row) if row.sample else row
    if first is row:
        return []
    return [Problem(row.line, SAMPLE, f"{row.sample} is also on line {first.line}")]


def _have_differing_rows(rows: Iterable[Row], seen: Mapping[str, Row]) -> bool:
    """True if a sample has rows that say different things of it; copies of a row are a mere slip."""
    return any(row.sample and seen[row.sample].input != row.input for row in rows)


@dataclass(frozen=True)
class SheetChanges:
    """A sheet held against the inputs with which samples started.

    Attributes:
        changed: rows whose sample started with another input, each with the fields that differ.
        missing: samples that started and have no row, by name.
        new: rows whose sample never started.
    """

    changed: tuple[tuple[Row, tuple[str, ...]], ...]
    missing: tuple[str, ...]
    new: tuple[Row, ...]

    @property
    def adds_only(self) -> bool:
        """True if the sheet has every sample that started, as it started."""
        return not self.changed and not self.missing


def sheet_changes(inputs: Mapping[str, str], sheet: Sheet) -> SheetChanges:
    """Compares a sheet with the inputs of the samples that started, by name."""
    known = [(row, inputs[row.sample]) for row in sheet.rows if row.sample in inputs]
    changed = [(row, input_changes(before, row.input)) for row, before in known]
    rows = {row.sample for row in sheet.rows}
    return SheetChanges(
        changed=tuple((row, fields) for row, fields in changed if fields),
        missing=tuple(name for name in inputs if name not in rows),
        new=tuple(row for row in sheet.rows if row.sample not in inputs),
    )


def input_changes(before: str, after: str) -> tuple[str, ...]:
    """Says of each field in which two inputs differ what it was and is; the fields' order does not count."""
    if before == after:
        return ()
    old, new = _fields(before), _fields(after)
    return tuple(
        f"{name}: {_shown(old, name)} -> {_shown(new, name)}"
        for name in dict.fromkeys([*old, *new])
        if _text(old, name) != _text(new, name)
    )


def _fields(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    # as text, since True is 1 to Python
    return json.dumps(fields[name], sort_keys=True) if name in fields else None


def _shown(fields: Mapping[str, Any], name: str) -> str:
    return shown(fields[name]) if name in fields else "nothing"
