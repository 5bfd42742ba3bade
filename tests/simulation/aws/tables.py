"""Tables of the simulated DynamoDB, and their indexes, which lag behind.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (eventually consistent)
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sluice_local.dynamodb.partitions import Keyed
from tests.simulation.aws.expressions import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Key = tuple[str, ...]


@dataclass
class Index:
    """A global secondary index: entries of the items that have its key, in its order; it lags behind."""

    hash_name: str
    range_name: str | None
    project: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    entries: dict[Key, tuple[Any, int]] = field(default_factory=dict)
    order: dict[str, list[tuple[Any, Key]]] = field(default_factory=dict)
    shown: dict[Key, Mapping[str, Any]] = field(default_factory=dict)

    def place(self, item: Mapping[str, Any] | None) -> tuple[str, Any] | None:
        """Where an item stands: its partition and its sort key; None if it is not in the index."""
        if item is None or self.hash_name not in item or (self.range_name and self.range_name not in item):
            return None
        sort = plain(item[self.range_name]) if self.range_name else 0
        return item[self.hash_name]["S"], sort

    def propagate(self, key: Key, item: Mapping[str, Any] | None, version: int) -> None:
        """Takes over a version of an item, unless a newer one came before."""
        known, seen = self.entries.get(key, (None, 0))
        if version < seen:
            return
        new = self.place(item)
        self.entries[key] = (new, version)
        if known is not None and known != new:
            rows = self.order[known[0]]
            del rows[bisect_right(rows, (known[1], key)) - 1]
        if new is not None and known != new:
            insort(self.order.setdefault(new[0], []), (new[1], key))
        if item is not None and new is not None:
            self.shown[key] = self.project(item)
        else:
            self.shown.pop(key, None)


@dataclass
class Table:
    """A table: its items by key, as they are now."""

    keys: tuple[str, ...]
    indexes: dict[str, Index] = field(default_factory=dict)
    items: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    held: dict[Key, int] = field(default_factory=dict)

    def keyed(self, name: str) -> list[Keyed]:
        """The table and its indexes, as partitions are charged."""
        indexes = [
            Keyed(f"{name}/{each}", index.hash_name, index.project) for each, index in self.indexes.items()
        ]
        return [Keyed(name, self.keys[0]), *indexes]

    def key_of(self, values: Mapping[str, Any]) -> Key:
        """The key in an item or in a request."""
        return tuple(values[name]["S"] for name in self.keys)
