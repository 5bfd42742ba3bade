"""What a partition of a DynamoDB table takes a second; pure, the clock is the caller's.

A partition serves 1,000 write units and 3,000 read units a second, whatever the table's capacity:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
An item without a sort key has a partition to itself at worst, and so has a key of a global secondary index.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_local.quotas import Quota, TokenBucket

WRITES = Quota(1000, 1000)
READS = Quota(3000, 3000)
TRANSACTION_FACTOR = 2
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""

Item = Mapping[str, Any]
Place = tuple[str, str]
"""A table, or `table/index`, and the value of its partition key."""


@dataclass(frozen=True)
class Keyed:
    """A table or one of its indexes: its name, its partition key, and what of an item stands in it."""

    name: str
    partition_key: str
    project: Callable[[Item], Item] = lambda item: item

    def place(self, item: Item | None) -> Place | None:
        """Where an item stands; None if it is not in the index."""
        if not item or self.partition_key not in item:
            return None
        return self.name, str(next(iter(item[self.partition_key].values())))


def item_bytes(item: Item) -> int:
    """Measure an item.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, inner),) = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(each) for name, each in inner.items())
    if kind == "N":
        return 1 + (len(inner) + 1) // 2
    return len(str(inner).encode())


def write_charges(
    keyed: Iterable[Keyed], before: Item | None, after: Item | None, *, factor: int = 1
) -> dict[Place, int]:
    """Tell what a write costs each partition: a unit for each begun KB, of the larger of the two items.

    An index whose entry stays as it is costs nothing; one that moves is deleted and put.
    """
    charges: defaultdict[Place, int] = defaultdict(int)
    for number, each in enumerate(keyed):
        entries = [dict(each.project(item)) if item else {} for item in (before, after)]
        if number and entries[0] == entries[1]:
            continue
        units = max(1, math.ceil(max(map(item_bytes, entries)) / 1024))
        for place in {each.place(before), each.place(after)} - {None}:
            assert place is not None
            charges[place] += units * factor
    return dict(charges)


def read_units(items: Iterable[Item], *, consistent: bool) -> int:
    """Tell what reading these items costs: a unit for each begun 4 KB, or half of one.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    blocks = math.ceil(sum(map(item_bytes, items)) / 4096)
    return max(1, blocks if consistent else math.ceil(blocks / 2))


@dataclass
class Partitions:
    """The partitions of all tables."""

    quota: Quota = WRITES
    buckets: dict[Place, TokenBucket] = field(default_factory=dict)

    def take(self, charges: Mapping[Place, int], now: float) -> set[Place]:
        """Charge all partitions, or none; return those that cannot serve as much now."""
        filled = {place: self._bucket(place, now) for place in charges}
        over = {place for place, units in charges.items() if filled[place].tokens < units}
        if not over:
            for place, units in charges.items():
                self.buckets[place] = filled[place].less(units)
        return over

    def charge(self, charges: Mapping[Place, int], now: float) -> None:
        """Charge what a call has cost more than was known before it; a partition may be in debt for it."""
        for place, units in charges.items():
            self.buckets[place] = self._bucket(place, now).less(units)

    def _bucket(self, place: Place, now: float) -> TokenBucket:
        known = self.buckets.get(place)
        return known.filled(now) if known else TokenBucket.full(self.quota, now)
