"""A model of DynamoDB: conditional writes, transactions, and indexes that lag behind.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (eventually consistent)
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.aws.errors import Refusal
from tests.simulation.aws.expressions import Names, condition, plain, update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulation.kernel.world import World

PAGE: Final = 900
"""Entries of a page: a query stops at 1 MB, and an entry with a task token has about a kilobyte.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

IN_FLIGHT_US: Final = 5_000
"""How long a transaction holds its items; AWS does not say, and a conflict needs only some time."""

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

    def key_of(self, values: Mapping[str, Any]) -> Key:
        """The key in an item or in a request."""
        return tuple(values[name]["S"] for name in self.keys)


class DynamoDb:
    """The service. `lag_seconds` says how late an index hears of a write."""

    def __init__(self, world: World, tables: dict[str, Table], lag_seconds: Callable[[], float]) -> None:
        self.world, self.tables, self._lag = world, tables, lag_seconds
        self._version = 0
        self._tokens: dict[str, int] = {}

    def get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A consistent read; the adapters make no other."""
        table = self._table(request)
        item = table.items.get(table.key_of(request["Key"]))
        return {} if item is None else {"Item": item}

    def batch_get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Reads many; nothing is left unprocessed."""
        found = {}
        for name, asked in request["RequestItems"].items():
            table = self.tables[name]
            keys = [table.key_of(key) for key in asked["Keys"]]
            found[name] = [table.items[key] for key in keys if key in table.items]
        return {"Responses": found, "UnprocessedKeys": {}}

    def put_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Puts an item if the condition holds."""
        self._check_free(request)
        self._check(request)
        self._write(self._table(request), request["Item"])
        return {}

    def update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Changes an item if the condition holds; one that is not there is made."""
        self._check_free(request)
        self._check(request)
        return {"Attributes": self._updated(request)}

    def transact_write_items(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """All of the writes or none; a repetition under the same token holds once."""
        token = request["ClientRequestToken"]
        if token in self._tokens:
            return {}
        actions = [next(iter(action.items())) for action in request["TransactItems"]]
        reasons = [self._reason(kind, write) for kind, write in actions]
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refusal(
                "TransactionCanceledException",
                "Transaction cancelled",
                fields={"CancellationReasons": reasons},
            )
        self._tokens[token] = self.world.now
        for kind, write in actions:
            table = self._table(write)
            table.held[self._key(table, write)] = self.world.now + IN_FLIGHT_US
            if kind == "Put":
                self._write(table, write["Item"])
            else:
                self._updated(write)
        return {}

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page of an index or of a partition, in order of the sort key."""
        table, names = self._table(request), _names(request)
        index = table.indexes.get(request.get("IndexName", ""))
        holds = condition(request["KeyConditionExpression"])
        start = request.get("ExclusiveStartKey")
        if index is not None:
            assert request.get("ScanIndexForward", True), "no adapter reads backwards"
            rows = index.order.get(self._partition(request, names), [])
            place = 0 if start is None else bisect_right(rows, tuple(start["place"]))
            page: list[Mapping[str, Any]] = []
            last = None
            for row in rows[place:]:
                if not holds(_keyed(index, row, request, names), names):
                    if page:  # the range is over
                        break
                    continue
                if len(page) == min(PAGE, request.get("Limit", PAGE)):
                    return {"Items": page, "LastEvaluatedKey": {"place": last}}
                page.append(index.shown[row[1]])
                last = row
            return {"Items": page}
        found = [item for key, item in sorted(table.items.items()) if holds(item, names)]
        return {"Items": found}

    def scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """All items that the filter lets through."""
        names, holds = _names(request), condition(request["FilterExpression"])
        return {
            "Items": [item for _, item in sorted(self._table(request).items.items()) if holds(item, names)]
        }

    def erase(self, name: str, *key: str) -> None:
        """Loses an item, as no client can."""
        table = self.tables[name]
        if key in table.items:
            self._store(table, key, None)

    def _partition(self, request: Mapping[str, Any], names: Names) -> str:
        placeholder = request["KeyConditionExpression"].split("=", 1)[1].split()[0]
        return str(names.values[placeholder]["S"])

    def _table(self, request: Mapping[str, Any]) -> Table:
        if request["TableName"] not in self.tables:
            raise Refusal("ResourceNotFoundException", "Requested resource not found")
        return self.tables[request["TableName"]]

    def _key(self, table: Table, write: Mapping[str, Any]) -> Key:
        return table.key_of(write["Item"] if "Item" in write else write["Key"])

    def _check_free(self, request: Mapping[str, Any]) -> None:
        table = self._table(request)
        if table.held.get(self._key(table, request), 0) > self.world.now:
            raise Refusal("TransactionConflictException", "Transaction is ongoing for the item")

    def _holds(self, request: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any] | None]:
        table = self._table(request)
        item = table.items.get(self._key(table, request))
        text = request.get("ConditionExpression")
        return text is None or condition(text)(item or {}, _names(request)), item

    def _check(self, request: Mapping[str, Any]) -> None:
        held, item = self._holds(request)
        if not held:
            wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            fields = {"Item": item} if wanted and item is not None else {}
            raise Refusal("ConditionalCheckFailedException", "The conditional request failed", fields=fields)

    def _reason(self, kind: str, write: Mapping[str, Any]) -> dict[str, Any]:
        assert kind in ("Put", "Update"), kind
        table = self._table(write)
        if table.held.get(self._key(table, write), 0) > self.world.now:
            return {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        held, item = self._holds(write)
        if held:
            return {"Code": "None"}
        wanted = write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and item is not None
        return {"Code": "ConditionalCheckFailed", **({"Item": item} if wanted else {})}

    def _updated(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        table, names = self._table(request), _names(request)
        before = table.items.get(table.key_of(request["Key"]), request["Key"])
        after = dict(before)
        try:
            for change in update(request["UpdateExpression"]):
                change(after, before, names)
        except ValueError as error:
            raise Refusal("ValidationException", str(error)) from error
        self._write(table, after)
        return after

    def _write(self, table: Table, item: Mapping[str, Any]) -> None:
        self._store(table, table.key_of(item), item)

    def _store(self, table: Table, key: Key, item: Mapping[str, Any] | None) -> None:
        if item is None:
            table.items.pop(key, None)
        else:
            table.items[key] = item
        self._version += 1
        for index in table.indexes.values():
            lag = self._lag()
            if lag <= 0:
                index.propagate(key, item, self._version)
            else:
                self.world.after(lag, index.propagate, key, item, self._version)


def _names(request: Mapping[str, Any]) -> Names:
    return Names(request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))


def _keyed(index: Index, row: tuple[Any, Key], request: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The attributes of an entry that a key condition may speak of."""
    partition = request["KeyConditionExpression"].split("=", 1)[1].split()[0]
    keyed = {index.hash_name: names.values[partition]}
    if index.range_name is None:
        return keyed
    sort = row[0]
    return keyed | {index.range_name: {"S": sort} if isinstance(sort, str) else {"N": str(sort)}}
