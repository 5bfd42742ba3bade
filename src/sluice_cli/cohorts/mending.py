"""The inputs of samples that run again: as they were, with the rows of a mended sheet and `--set`; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.cohorts.model import FAILURES
from sluice.cohorts.sheet import COHORT, input_changes
from sluice.schema import did_you_mean
from sluice_cli.cohorts.summary import reason
from sluice_cli.errors import WrongUsageError
from sluice_cli.terminal.durations import samples as so_many

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sluice.cohorts.model import Sample
    from sluice.cohorts.sheet import Sheet


@dataclass(frozen=True)
class Mend:
    """What is mended: rows by sample, the fields that the sheet has, and fields for all.

    Attributes:
        rows: the fields of each row of the mended sheet, by sample; None if there is no sheet.
        columns: the fields that any row has; a sample's other fields stay as they are.
        fields: what every sample gets, whatever its row says.
    """

    rows: Mapping[str, Mapping[str, Any]] | None
    columns: frozenset[str]
    fields: Mapping[str, str]

    def input_of(self, sample: Sample) -> str:
        """The input of a sample's next attempt, as JSON."""
        before = self._with_row(sample)
        fields = {name: _as_before(before.get(name), text) for name, text in self.fields.items()}
        return _input({**before, **fields}, sample)

    def row_differs(self, sample: Sample) -> bool:
        """Whether a sample has a row in the mended sheet, which would change its input."""
        return bool(input_changes(sample.input, _input(self._with_row(sample), sample)))

    def _with_row(self, sample: Sample) -> dict[str, Any]:
        """A sample's fields as its row changes them; the same if it has none."""
        row, before = (self.rows or {}).get(sample.name), _own_fields(sample.input)
        if row is None:
            return before
        kept = {name: value for name, value in before.items() if name in row or name not in self.columns}
        return {**kept, **row}


def _input(fields: Mapping[str, Any], sample: Sample) -> str:
    cohort = json.loads(sample.input).get(COHORT, sample.cohort)
    return json.dumps({**fields, COHORT: cohort}, ensure_ascii=False, separators=(",", ":"))


def _as_before(value: Any, text: str) -> Any:
    """A field that `--set` gives, which is text, in the type that it had, if it can be read so."""
    if value is None or isinstance(value, str):
        return text
    try:
        read = json.loads(text, parse_constant=float)
    except ValueError:
        return text
    kinds = [(bool,), (int, float), (list,), (dict,)]
    had = next(kind for kind in kinds if isinstance(value, kind))
    return read if next((kind for kind in kinds if isinstance(read, kind)), None) == had else text


def mend_of(sheet: Sheet | None, fields: Mapping[str, str]) -> Mend:
    """What a mended sheet and `--set` say."""
    if sheet is None:
        return Mend(None, frozenset(), fields)
    rows = {row.sample: _own_fields(row.input) for row in sheet.rows}
    return Mend(rows, frozenset(name for row in rows.values() for name in row), fields)


def _own_fields(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(text)
    return {name: value for name, value in fields.items() if name != COHORT}


def choose(samples: Sequence[Sample], *, errors: Collection[str], names: Sequence[str]) -> tuple[Sample, ...]:
    """The failed samples that are meant: of any of the errors, and of these names, where some are given.

    Raises:
        WrongUsageError: a name is none of a failed sample, or nothing failed with an error.
    """
    known = {sample.name: sample for sample in samples}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            hint = f" Did you mean {near}?" if near else " Give --sample for each." * ("," in name)
            raise WrongUsageError(f"The cohort has no sample {name!r} that was started.{hint}")
        if known[name].status not in FAILURES:
            status = known[name].status
            raise WrongUsageError(f"Sample {name} is {status}: only failed samples are run again.")
    failed = [sample for sample in samples if sample.status in FAILURES]
    there_are = ", ".join(sorted({reason(sample) for sample in failed})) or "none"
    for error in errors:
        if error not in map(reason, failed):
            raise WrongUsageError(f"No sample failed with {error!r}; the errors are: {there_are}.")
    return tuple(
        sample
        for sample in failed
        if (not errors or reason(sample) in errors) and (not names or sample.name in names)
    )


def remarks(
    sheet_name: str, launch: str, mend: Mend, samples: Sequence[Sample], chosen: Collection[str]
) -> list[str]:
    """What a mended sheet says that a retry does not do, a sentence each.

    Args:
        sheet_name: as it was given.
        launch: the command that launches it.
        mend: what it says.
        samples: all of the cohort.
        chosen: names of those that are run again.
    """
    if mend.rows is None:
        return []
    said = []
    for sample in samples:
        if sample.name in chosen and sample.name not in mend.rows:
            said.append(f"{sample.name} has no row in {sheet_name}: it is left as it is.")
        elif sample.name not in chosen and mend.row_differs(sample):
            said.append(f"{sample.name} is {sample.status}: its row differs, and it is not run again.")
    new = len(mend.rows.keys() - {sample.name for sample in samples})
    if new and said:
        said.append(
            f"{so_many(new)} of {sheet_name} never started: `sluice launch` starts them from a sheet "
            "in which the others are as they ran last."
        )
    elif new:
        same = " (with the same --set as before)" if _has_other_fields(samples, mend) else ""
        said.append(f"{so_many(new)} of {sheet_name} never started: {launch}{same}")
    return said


def _has_other_fields(samples: Sequence[Sample], mend: Mend) -> bool:
    return any(_own_fields(sample.input).keys() - mend.columns for sample in samples)
