"""Partitions that throttle.

AWS: a partition of a table, or of an index, serves 1,000 write units and 3,000 read units a second, and a
call that needs more is refused. A transaction costs twice as much and names the writes that were too many:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html.

MiniStack 1.5.33: throttles nothing.

Fixed, where the settings ask for it, by charging each call before it is served. What an update makes of an
item, and what a read finds, is only known afterwards, so that the rest of the price is charged then.
"""

import functools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sluice_local.dynamodb.partitions import (
    TRANSACTION_FACTOR,
    Keyed,
    Partitions,
    Place,
    read_units,
    write_charges,
)
from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.settings import LocalSettings

Request = dict[str, Any]
_OK = 200
_MESSAGE = "Throughput exceeds the current capacity of your table or index"
_KEY = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def install(settings: LocalSettings) -> None:
    """Throttle writes and reads as the settings say."""
    lock = threading.RLock()
    if settings.partition_writes:
        writes = _Limits(Partitions(settings.partition_writes), lock)
        for name in ("_put_item", "_update_item"):
            ministack.wrap(f"services.dynamodb.{name}", functools.partial(_written, writes))
        ministack.wrap("services.dynamodb._transact_write_items", functools.partial(_transacted, writes))
    if settings.partition_reads:
        reads = _Limits(Partitions(settings.partition_reads), lock)
        for name in ("_get_item", "_query"):
            ministack.wrap(f"services.dynamodb.{name}", functools.partial(_read, reads))


@dataclass(frozen=True)
class _Limits:
    partitions: Partitions
    lock: threading.RLock


@dataclass(frozen=True)
class _Write:
    """One write of a request, with the item that it is of as it is now; None if there is no such table."""

    request: Request

    @property
    def item(self) -> Private:
        table = self._table
        key = self.request.get("Key") or self.request.get("Item") or {}
        return table and ministack.private("services.dynamodb._get_item_by_key")(table, key)

    def charges(self, before: Private, after: Private, factor: int = 1) -> dict[Place, int]:
        """What it costs, if these are the item before and after it."""
        return write_charges(self._keyed(), before, after, factor=factor)

    def expected(self, factor: int = 1) -> dict[Place, int]:
        """What it costs as far as can be said before it."""
        before = self.item
        after = self.request.get("Item") or before or self.request.get("Key")
        return self.charges(before, after, factor)

    @property
    def _table(self) -> Private:
        return ministack.private("services.dynamodb._tables").get(self.request.get("TableName"))

    def _keyed(self) -> Iterator[Keyed]:
        table = self._table or {"pk_name": ""}
        name = str(self.request.get("TableName"))
        yield Keyed(name, table["pk_name"])
        for index in table.get("GlobalSecondaryIndexes") or ():
            keys = [each["AttributeName"] for each in index["KeySchema"]]
            shown = {*keys, *index["Projection"].get("NonKeyAttributes", ()), table["pk_name"]}
            project = functools.partial(_only, shown)
            yield Keyed(f"{name}/{index['IndexName']}", keys[0], project)


def _only(names: set[str], item: Private) -> Private:
    return {name: item[name] for name in names if name in item}


def _written(limits: _Limits, write: Private) -> Private:
    @functools.wraps(write)
    def throttled(request: Request) -> Private:
        one = _Write(request)
        with limits.lock:
            before, expected = one.item, one.expected()
            before = dict(before) if before else before
            if limits.partitions.take(expected, time.monotonic()):
                return _refusal()
            response = write(request)
            if response[0] == _OK:
                rest = Counter(one.charges(before, one.item)) - Counter(expected)
                limits.partitions.charge(rest, time.monotonic())
            return response

    return throttled


def _transacted(limits: _Limits, transact: Private) -> Private:
    @functools.wraps(transact)
    def throttled(request: Request) -> Private:
        writes = [_Write(write) for action in request.get("TransactItems", ()) for write in action.values()]
        with limits.lock:
            charges: Counter[Place] = Counter()
            for one in writes:
                charges.update(one.expected(TRANSACTION_FACTOR))
            if over := limits.partitions.take(charges, time.monotonic()):
                codes = ["ThrottlingError" if over & one.expected().keys() else "None" for one in writes]
                return _cancelled(codes)
            return transact(request)

    return throttled


def _read(limits: _Limits, read: Private) -> Private:
    @functools.wraps(read)
    def throttled(request: Request) -> Private:
        place = _read_place(request)
        with limits.lock:
            if limits.partitions.take({place: 1}, time.monotonic()):
                return _refusal()
            response = read(request)
            answer = json.loads(response[2]) if response[0] == _OK else {}
            items = [answer["Item"]] if "Item" in answer else answer.get("Items", [])
            units = read_units(items, consistent=bool(request.get("ConsistentRead")))
            limits.partitions.charge({place: units - 1}, time.monotonic())
            return response

    return throttled


def _read_place(request: Request) -> Place:
    """The partition that a request reads from."""
    table = ministack.private("services.dynamodb._tables").get(request.get("TableName")) or {"pk_name": ""}
    name = str(request.get("TableName"))
    if "Key" in request:
        return name, str(request["Key"].get(table["pk_name"]))
    index = request.get("IndexName")
    found = _KEY.search(str(request.get("KeyConditionExpression")))
    values = request.get("ExpressionAttributeValues") or {}
    return f"{name}/{index}" if index else name, str(values.get(found[2] if found else ""))


def _refusal() -> Private:
    return ministack.private("core.responses.error_response_json")("ThrottlingException", _MESSAGE, 400)


def _cancelled(codes: list[str]) -> Private:
    kind = "TransactionCanceledException"
    body = {
        "__type": kind,
        "message": f"Transaction cancelled, please refer cancellation reasons [{', '.join(codes)}]",
        "CancellationReasons": [
            {"Code": code} if code == "None" else {"Code": code, "Message": _MESSAGE} for code in codes
        ],
    }
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": kind}
    return 400, headers, json.dumps(body).encode()
