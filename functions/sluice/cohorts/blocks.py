"""The samples of a cohort that start together; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import MAX_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sluice.cohorts.model import Cohort, Start

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
    """

    cohort: Cohort
    starts: Sequence[Start]
    as_of: int
    next_row: int | None = None

    def noted_at(self, now_ms: int) -> int:
        """When its samples count as noted: never before they were asked for, whatever the clock says.

        So a cancel that came before they were asked for is never taken for one of them.
        """
        return max(now_ms, self.as_of)


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
