"""What AWS bills by use, counted: the pages `/_sluice/functions`, `tables`, `queues` and `executions`.

AWS: Lambda bills the time of each invocation, its start included, by the function's memory,
https://aws.amazon.com/lambda/pricing/; DynamoDB bills request units by the size of the items,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; SQS bills its
requests, https://aws.amazon.com/sqs/pricing/; Step Functions bills each state that is entered and each retry,
https://aws.amazon.com/step-functions/pricing/.

MiniStack 1.5.33: computes DynamoDB's units when a request asks for them, and keeps count of nothing.

Mended by wrapping what runs an invocation, charges a write or a read, and hands an event to a queue.
"""

import functools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine import stock
from sluice_local.engine.context import Engine
from sluice_local.engine.stock import Private

_CONDITION_UNITS_MIN = 1.0


def install(engine: Engine) -> None:
    """Start to count, and show the counts."""
    functions, tables, queues = FunctionUse(), TableUse(), Counter[str]()
    stock.wrap("core.lambda_runtime.Worker.invoke", functools.partial(_metered_invocation, functions))
    stock.wrap("services.dynamodb._add_consumed_capacity", functools.partial(_metered_request, tables))
    stock.wrap("services.dynamodb._conditional_check_failed", functools.partial(_metered_refusal, tables))
    stock.wrap("services.eventbridge._dispatch_to_sqs", functools.partial(_metered_message, queues))
    executions = stock.private("services.stepfunctions._executions")
    engine.pages["functions"] = lambda: functions.report(time.monotonic())
    engine.pages["tables"] = tables.report
    engine.pages["queues"] = lambda: dict(queues)
    engine.pages["executions"] = lambda: [execution_row(each) for each in executions.values()]


@dataclass
class FunctionUse:
    """Invocations by function; those that still run count with the time that they have run."""

    ended: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory_mib: dict[str, int] = field(default_factory=dict)
    peak_memory_mib: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    running: dict[int, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, memory_mib: int, now: float) -> int:
        """Note that an invocation begins; returns what `end` is to be told."""
        with self._lock:
            self.memory_mib[name] = memory_mib
            key = max(self.running, default=0) + 1
            self.running[key] = (name, now)
            return key

    def end(self, key: int, peak_memory_mib: float, now: float) -> None:
        """Note that an invocation has ended."""
        with self._lock:
            name, began = self.running.pop(key)
            self.ended[name].append(now - began)
            self.peak_memory_mib[name] = max(self.peak_memory_mib[name], peak_memory_mib)

    def report(self, now: float) -> dict[str, dict[str, float]]:
        """Return invocations, their seconds in all, and memory (given, most used) by function."""
        with self._lock:
            seconds = {name: list(each) for name, each in self.ended.items()}
            for name, began in self.running.values():
                seconds.setdefault(name, []).append(now - began)
            return {
                name: {
                    "invocations": len(each),
                    "seconds": sum(each),
                    "memoryMib": self.memory_mib[name],
                    "peakMemoryMib": self.peak_memory_mib[name],
                }
                for name, each in seconds.items()
            }


@dataclass
class TableUse:
    """Request units by table."""

    write_units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    read_units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, capacity: dict[str, Any], *, write: bool) -> None:
        """Add one request's `ConsumedCapacity`."""
        units = self.write_units if write else self.read_units
        units[capacity["TableName"]] += capacity["CapacityUnits"]

    def report(self) -> dict[str, dict[str, float]]:
        """Return the units by table, indexes included."""
        names = {*self.write_units, *self.read_units}
        return {
            name: {"writeUnits": self.write_units[name], "readUnits": self.read_units[name]} for name in names
        }


def execution_row(execution: dict[str, Any]) -> dict[str, object]:
    """Show one execution: how it stands, how long its history is and what it is billed for."""
    events = [event["type"] for event in list(execution["events"])]
    return {
        "stateMachine": execution["stateMachineArn"].rpartition(":")[2],
        "name": execution["name"],
        "status": execution["status"],
        "startedAt": execution["startDate"],
        "stoppedAt": execution["stopDate"],
        "events": len(events),
        "transitions": transitions(events),
    }


def transitions(events: Iterable[str]) -> int:
    """Count billed transitions: the start, each state that was entered, and each further try of a task."""
    counts = Counter(events)
    entered = sum(count for event, count in counts.items() if event.endswith("StateEntered"))
    tries = counts["TaskScheduled"] + counts["ActivityScheduled"] + counts["LambdaFunctionScheduled"]
    return 1 + entered + max(0, tries - counts["TaskStateEntered"])


def _metered_invocation(use: FunctionUse, invoke: Private) -> Private:
    @functools.wraps(invoke)
    def metered(worker: Private, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        memory_mib = int(worker.config.get("MemorySize", 128))
        key = use.begin(worker.func_name, memory_mib, time.monotonic())
        response: dict[str, Any] = {}
        try:
            response = invoke(worker, *arguments, **keywords)
            return response
        finally:
            use.end(key, response.get("peak_memory_mib", 0.0), time.monotonic())

    return metered


def _metered_request(use: TableUse, add_consumed_capacity: Private) -> Private:
    """Ask for the units of every request, whether its sender wants to know them or not."""

    @functools.wraps(add_consumed_capacity)
    def metered(
        result: dict[str, Any], request: dict[str, Any], table: str, *more: Any, **keywords: Any
    ) -> None:
        asked: dict[str, Any] = {}
        wanting = {**request, "ReturnConsumedCapacity": "TOTAL"}
        add_consumed_capacity(asked, wanting, table, *more, **keywords)
        use.add(asked["ConsumedCapacity"], write=keywords.get("write", False))
        add_consumed_capacity(result, request, table, *more, **keywords)

    return metered


def _metered_refusal(use: TableUse, refuse: Private) -> Private:
    """A write whose condition fails is charged by the size of the item that is there, at least one unit."""
    size_of = stock.private("services.dynamodb._item_size_bytes")
    units_of = stock.private("services.dynamodb._capacity_kb")

    @functools.wraps(refuse)
    def metered(request: dict[str, Any], old_item: Private, *more: Any, **keywords: Any) -> Private:
        units = units_of(size_of(old_item)) if old_item else _CONDITION_UNITS_MIN
        use.add({"TableName": request.get("TableName", ""), "CapacityUnits": units}, write=True)
        return refuse(request, old_item, *more, **keywords)

    return metered


def _metered_message(queues: Counter[str], dispatch: Private) -> Private:
    @functools.wraps(dispatch)
    def metered(queue: Private, *more: Any, **keywords: Any) -> Private:
        queues[str(queue).rpartition(":")[2]] += 1
        return dispatch(queue, *more, **keywords)

    return metered
