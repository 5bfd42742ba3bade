"""The samples of a cohort that start together; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import FAILURES, MAX_BLOCK, SampleStatus, Start
from sluice.cohorts.sheet import input_changes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sluice.cohorts.model import Cohort, Sample
    from sluice.cohorts.sheet import Sheet

MAX_BLOCK_UNITS: Final = 500
"""Write units of a block at most: all of a cohort's items are in one partition, which takes 1,000 a second.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

ITEM_BYTES: Final = 1024
"""What a sample's item holds besides its input, and more."""


@dataclass(frozen=True)
class Block:
    """Samples that start together.

    Attributes:
        cohort: their cohort.
        starts: the samples, each once.
        as_of: when somebody asked for it, ms since the epoch; a cohort cancelled later starts nothing.
        next_row: the row of the sheet before which all samples were started by now; None if not known.
        noted_before: when its samples were noted for a redrive that was refused, ms since the epoch; None if
            they were not. A run that comes later finds them beside those that were noted with them.
    """

    cohort: Cohort
    starts: Sequence[Start]
    as_of: int
    next_row: int | None = None
    noted_before: int | None = None

    def noted_at(self, now_ms: int) -> int:
        """When its samples count as noted: never before they were asked for, whatever the clock says.

        So a cancel that came before they were asked for is never taken for one of them.
        """
        return max(now_ms if self.noted_before is None else self.noted_before, self.as_of)


def start_units(start: Start) -> int:
    """The write units that a sample's item takes in a transaction, twice as many as in a plain write.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    return 2 * -(-(len(start.input.encode()) + ITEM_BYTES) // 1024)


def in_blocks(starts: Iterable[Start]) -> Iterator[list[Start]]:
    """Groups samples that start together: as many as a transaction and a partition take, one at least."""
    block: list[Start] = []
    units = 0
    for start in starts:
        needed = start_units(start)
        if block and (len(block) == MAX_BLOCK or units + needed > MAX_BLOCK_UNITS):
            yield block
            block, units = [], 0
        block.append(start)
        units += needed
    if block:
        yield block


def launch_blocks(cohort: Cohort, sheet: Sheet, as_of: int, known: Collection[str] = ()) -> Iterator[Block]:
    """The samples of the rows that were not started yet; each block tells how many rows were before it.

    Rows of samples that are `known` are passed over.
    """
    total = len(sheet.rows)
    places = {row.sample: place for place, row in enumerate(sheet.rows)}
    rows = (row for row in sheet.rows[cohort.next_row :] if row.sample not in known)
    for starts in in_blocks(Start(row.sample, row.input) for row in rows):
        yield Block(cohort, starts, as_of, next_row=places[starts[0].sample])
    if cohort.next_row < total:
        yield Block(cohort, (), as_of, next_row=total)


def retry_starts(
    samples: Sequence[Sample],
    as_of: int,
    inputs: Mapping[str, str] | None = None,
    *,
    from_start: bool = False,
) -> list[Start]:
    """The samples that had failed when it was asked for, and those whose next attempt was noted only.

    Of the samples that run again, a run before can have failed to start only those that it noted last, at
    once: to start all of them again could take all the time that a run has. They are among the others as
    samples to start for the first time: that changes nothing in their items.

    Args:
        samples: all of the cohort.
        as_of: when it was asked for, ms since the epoch.
        inputs: what those that are meant get as input, by name; None if all that failed are meant.
        from_start: whether none goes on where it failed.
    """
    meant = [sample for sample in samples if inputs is None or sample.name in inputs]
    noted_last_at = max((sample.started_at for sample in meant if _runs_again(sample)), default=0)
    starts = []
    for sample in meant:
        if _runs_again(sample) and sample.started_at == noted_last_at:
            starts.append(Start(sample.name, sample.input))
        elif sample.status in FAILURES and (sample.stopped_at or 0) <= as_of:
            text = sample.input if inputs is None else inputs[sample.name]
            redrive = not from_start and not input_changes(sample.input, text)
            starts.append(Start(sample.name, text, before=sample, redrive=redrive))
    return starts


def _runs_again(sample: Sample) -> bool:
    return sample.status is SampleStatus.RUNNING and (sample.attempt > 1 or sample.redrives > 0)
