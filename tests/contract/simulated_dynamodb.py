"""The simulation's DynamoDB as a backend of the contract tests, which hold its model against Amazon's own."""

from __future__ import annotations

import threading
import time
import uuid
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.simulation.aws.dynamodb import DynamoDb
from tests.simulation.aws.errors import Refusal, client_error, exceptions
from tests.simulation.client import dated
from tests.simulation.kernel.chance import Chance
from tests.simulation.kernel.world import MICROSECONDS, World
from tests.simulation.stack import METHODS, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sluice_local.dynamodb.partitions import Partitions


class SimulatedDynamoDb:
    """A client without a network: calls are answered at once, one at a time, from any thread.

    With partitions it has a time of its own, which stands still but for `sleep` and `go_to_ms`.
    """

    def __init__(self, partitions: Partitions | None = None) -> None:
        self.exceptions = exceptions("dynamodb")
        self._world = World(Chance("contract"))
        self._began = self._world.now
        self._has_own_time = partitions is not None
        self._service = DynamoDb(self._world, {}, lambda: 0, partitions)
        self._lock = threading.Lock()

    def create_table(self, **properties: Any) -> None:
        self._service.tables[properties["TableName"]] = table_of(properties)

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self._world.now += round(seconds * MICROSECONDS)

    def go_to_ms(self, since_start_ms: float) -> None:
        """Sets the time, from its first beginning on."""
        self._world.now = self._began + round(since_start_ms * 1000)

    @property
    def now_ms(self) -> int:
        """The time of the service."""
        return self._world.now // 1000

    def get_paginator(self, method: str) -> Any:
        return SimpleNamespace(paginate=partial(self._pages, method))

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in METHODS["dynamodb"]:
            raise AttributeError(method)
        return partial(self._call, method)

    def _call(self, method: str, **request: Any) -> Mapping[str, Any]:
        if method == "transact_write_items":
            request.setdefault("ClientRequestToken", uuid.uuid4().hex)
        with self._lock:
            if not self._has_own_time:
                self._world.now = time.time_ns() // 1000
            try:
                answer: Mapping[str, Any] = getattr(self._service, method)(request)
            except Refusal as refusal:
                raise client_error("dynamodb", method, refusal) from None
            finally:
                self._end_transactions()
            return dated(answer, self._world)

    def _end_transactions(self) -> None:
        """None is under way between two calls, as these are answered one at a time."""
        for table in self._service.tables.values():
            table.held.clear()

    def _pages(self, method: str, **request: Any) -> Iterator[Mapping[str, Any]]:
        page = self._call(method, **request)
        yield page
        while "LastEvaluatedKey" in page:
            page = self._call(method, **request, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield page
