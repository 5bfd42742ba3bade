"""What AWS bills by use, counted: the pages `/_sluice/functions`, `tables`, `queues` and `executions`.

AWS: Lambda bills the time of each invocation, its start included, by the function's memory,
https://aws.amazon.com/lambda/pricing/; DynamoDB bills request units by the size of the items,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; SQS bills its
requests, https://aws.amazon.com/sqs/pricing/; Step Functions bills each state that is entered and each retry,
https://aws.amazon.com/step-functions/pricing/.

MiniStack 1.5.33: computes DynamoDB's units when a request asks for them, and keeps count of nothing.

Fixed by wrapping what runs an invocation, charges a write or a read, and hands an event to a queue.
"""

import functools
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private

_CONDITION_UNITS_MIN = 1.0
_PEAK_KIB = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def install(engine: Engine) -> None:
    """Start to count, and show the counts."""
    functions, tables, queues = FunctionUse(), TableUse(), Counter[str]()
    ministack.wrap("core.lambda_runtime.Worker.invoke", functools.partial(_metered_invocation, functions))
    ministack.wrap("services.dynamodb._add_consumed_capacity", functools.partial(_metered_request, tables))
    ministack.wrap("services.dynamodb._conditional_check_failed", functools.partial(_metered_refusal, tables))
    ministack.wrap("services.eventbridge._dispatch_to_sqs", functools.partial(_metered_message, queues))
    executions = ministack.private("services.stepfunctions._executions")
    engine.pages["functions"] = lambda: functions.report(time.monotonic())
    engine.pages["tables"] = tables.report
    engine.pages["queues"] = lambda: dict(queues)
    engine.pages["executions"] = lambda: [execution_row(each) for each in executions.values()]


@dataclass(frozen=True)
class Invocation:
    """An invocation under way; `peak_mib` tells the most memory that its environment has held so far."""

    function: str
    began: float
    peak_mib: Callable[[], float]


@dataclass
class FunctionUse:
    """Invocations by function; those that still run count with the time that they have run."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory_mib: dict[str, int] = field(default_factory=dict)
    peak_mib: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    running: list[Invocation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, invocation: Invocation, memory_mib: int) -> None:
        """Note that an invocation of a function with so much memory begins."""
        with self._lock:
            self.memory_mib[invocation.function] = memory_mib
            self.running.append(invocation)

    def end(self, invocation: Invocation, now: float) -> None:
        """Note that an invocation has ended."""
        with self._lock:
            self.running.remove(invocation)
            self.seconds[invocation.function].append(now - invocation.began)
            self._see_peak(invocation)

    def report(self, now: float) -> dict[str, dict[str, float]]:
        """Return invocations, their seconds in all, and memory (given, most used) by function."""
        with self._lock:
            seconds = {name: list(each) for name, each in self.seconds.items()}
            for invocation in self.running:
                seconds.setdefault(invocation.function, []).append(now - invocation.began)
                self._see_peak(invocation)
            return {
                name: {
                    "invocations": len(each),
                    "seconds": sum(each),
                    "memoryMib": self.memory_mib[name],
                    "peakMemoryMib": self.peak_mib[name],
                }
                for name, each in seconds.items()
            }

    def _see_peak(self, invocation: Invocation) -> None:
        name = invocation.function
        self.peak_mib[name] = max(self.peak_mib[name], invocation.peak_mib())


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
    def metered(worker: Private, *arguments: Any, **keywords: Any) -> Private:
        peak_mib = functools.partial(_peak_mib, worker)
        invocation = Invocation(worker.func_name, time.monotonic(), peak_mib)
        use.begin(invocation, int(worker.config.get("MemorySize", 128)))
        try:
            return invoke(worker, *arguments, **keywords)
        finally:
            use.end(invocation, time.monotonic())

    return metered


def _peak_mib(worker: Private) -> float:
    """What a REPORT line calls Max Memory Used: that of the worker's process, 0 when there is none."""
    process = worker._proc  # noqa: SLF001 - MiniStack's worker
    try:
        status = Path(f"/proc/{process.pid}/status").read_text() if process else ""
    except OSError:
        return 0.0  # it has ended
    found = _PEAK_KIB.search(status)
    return int(found[1]) / 1024 if found else 0.0


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
    size_of = ministack.private("services.dynamodb._item_size_bytes")
    units_of = ministack.private("services.dynamodb._capacity_kb")

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
