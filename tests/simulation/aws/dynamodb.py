"""A model of DynamoDB: conditional writes, transactions, and indexes that lag behind.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (eventually consistent)

Where it is asked for, a partition of a table or an index takes 1,000 write units a second and no more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sluice_local.dynamodb.partitions import TRANSACTION_FACTOR, write_charges
from tests.simulation.aws.errors import Refusal
from tests.simulation.aws.expressions import Names, condition, update
from tests.simulation.kernel.world import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sluice_local.dynamodb.partitions import Partitions, Place
    from tests.simulation.aws.tables import Index, Key, Table
    from tests.simulation.kernel.world import World

PAGE: Final = 900
"""Entries of a page: a query stops at 1 MB, and an entry with a task token has about a kilobyte.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

IN_FLIGHT_US: Final = 5_000
"""How long a transaction holds its items; AWS does not say, and a conflict needs only some time."""


class DynamoDb:
    """The service. `lag_seconds` says how late an index hears of a write; `partitions` throttle, if given."""

    def __init__(
        self,
        world: World,
        tables: dict[str, Table],
        lag_seconds: Callable[[], float],
        partitions: Partitions | None = None,
    ) -> None:
        self.world, self.tables, self._lag, self._partitions = world, tables, lag_seconds, partitions
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
        self._charge(request)
        self._write(self._table(request), request["Item"])
        return {}

    def update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Changes an item if the condition holds; one that is not there is made."""
        self._check_free(request)
        self._check(request)
        self._charge(request)
        return {"Attributes": self._updated(request)}

    def transact_write_items(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """All of the writes or none; a repetition under the same token holds once."""
        token = request["ClientRequestToken"]
        if token in self._tokens:
            return {}
        actions = [next(iter(action.items())) for action in request["TransactItems"]]
        reasons = [self._reason(kind, write) for kind, write in actions]
        if all(reason["Code"] == "None" for reason in reasons):
            reasons = self._throttled([write for _, write in actions])
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

    def _charge(self, request: Mapping[str, Any]) -> None:
        if self._partitions and self._partitions.take(self._charges(request), self._now):
            raise Refusal("ThrottlingException", "Throughput exceeds the current capacity of your table")

    def _throttled(self, writes: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """A transaction is charged twice for each of its writes, all at once."""
        charges: Counter[Place] = Counter()
        for write in writes:
            charges.update(self._charges(write, factor=TRANSACTION_FACTOR))
        over = self._partitions.take(charges, self._now) if self._partitions else set()
        return [
            {"Code": "ThrottlingError" if over & self._charges(write).keys() else "None"} for write in writes
        ]

    def _charges(self, write: Mapping[str, Any], factor: int = 1) -> dict[Place, int]:
        table = self._table(write)
        before = table.items.get(self._key(table, write))
        after = write["Item"] if "Item" in write else self._after(table, write)
        return write_charges(table.keyed(write["TableName"]), before, after, factor=factor)

    @property
    def _now(self) -> float:
        return self.world.now / MICROSECONDS

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page of an index or of a partition, in order of the sort key, or how many items it has."""
        page = self._page(request)
        items = page.pop("Items")
        return page | ({"Count": len(items)} if request.get("Select") == "COUNT" else {"Items": items})

    def _page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(request)
        index = table.indexes.get(request.get("IndexName", ""))
        rows = [] if index is None else index.order.get(_partition(request), [])
        if index is not None and not rows:
            return {"Items": []}
        names, holds = _names(request), condition(request["KeyConditionExpression"])
        start = request.get("ExclusiveStartKey")
        if index is not None:
            assert request.get("ScanIndexForward", True), "no adapter reads backwards"
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
        table = self._table(request)
        after = self._after(table, request)
        self._write(table, after)
        return after

    def _after(self, table: Table, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The item as an update makes it."""
        names = _names(request)
        before = table.items.get(table.key_of(request["Key"]), request["Key"])
        after = dict(before)
        try:
            for change in update(request["UpdateExpression"]):
                change(after, before, names)
        except ValueError as error:
            raise Refusal("ValidationException", str(error)) from error
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


@cache
def _hash_placeholder(key_condition: str) -> str:
    """The placeholder of the value that a partition's key has; adapters ask for it first."""
    return key_condition.split("=", 1)[1].split(maxsplit=1)[0]


def _partition(request: Mapping[str, Any]) -> str:
    placeholder = _hash_placeholder(request["KeyConditionExpression"])
    return str(request["ExpressionAttributeValues"][placeholder]["S"])


def _names(request: Mapping[str, Any]) -> Names:
    return Names(request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))


def _keyed(index: Index, row: tuple[Any, Key], request: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The attributes of an entry that a key condition may speak of."""
    keyed = {index.hash_name: names.values[_hash_placeholder(request["KeyConditionExpression"])]}
    if index.range_name is None:
        return keyed
    sort = row[0]
    return keyed | {index.range_name: {"S": sort} if isinstance(sort, str) else {"N": str(sort)}}
