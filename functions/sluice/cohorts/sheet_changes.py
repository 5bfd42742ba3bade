"""How a sheet differs from the samples that a cohort has started; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.schema import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.cohorts.sheet import Row, Sheet


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
