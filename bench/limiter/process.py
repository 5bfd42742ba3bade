"""Processes that press the shared limiter as pollers do: the deployed classes, clients and clock."""

import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from sluice.aws import clients
from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.rate.gcra import MICROSECONDS, Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.clock import SystemClock
from sluice_local.server import client_environment

API: Final = "SubmitJob"
START_SECONDS: Final = 60


@dataclass(frozen=True)
class Press:
    """What each process does.

    Attributes:
        endpoint: of DynamoDB.
        table: of rates.
        limit: that all processes share.
        seconds: for which its threads ask for slot after slot.
        threads: of each process.
        storm: when, in seconds since the start, the API answers every call with 429.
    """

    endpoint: str
    table: str
    limit: Limit
    seconds: float
    threads: int = 4
    storm: tuple[float, float] = (0.0, 0.0)


@dataclass
class Trace:
    """What one process saw.

    Attributes:
        begin_us: when its threads began to ask.
        times_us: when its calls were let pass, in microseconds since the epoch.
        writes: UpdateItem calls.
        conflicts: those that were refused because another process had changed the item.
        throttled: calls that were answered with 429.
    """

    begin_us: int = 0
    times_us: list[int] = field(default_factory=list)
    writes: int = 0
    conflicts: int = 0
    throttled: int = 0


def press_limiter(press: Press, processes: int) -> list[Trace]:
    """Run so many processes at the same time; one trace each.

    Raises:
        BrokenBarrierError: a process did not start within a minute.
    """
    spawning = multiprocessing.get_context("spawn")
    with spawning.Manager() as manager, ProcessPoolExecutor(processes, mp_context=spawning) as pool:
        ready = manager.Barrier(processes, timeout=START_SECONDS)
        running = [pool.submit(_run, press, ready) for _ in range(processes)]
        return [each.result() for each in running]


def _run(press: Press, ready: threading.Barrier) -> Trace:
    os.environ.update(client_environment(press.endpoint))
    client, clock, trace = clients.dynamodb(), SystemClock(), Trace()
    store = DynamoRateStore(client, press.table)
    # connected before the start, as a poller is that has just written its first intent
    client.describe_table(TableName=press.table)
    calls = _count_writes(client)
    limiter = Limiter(API, limit=press.limit, store=store, clock=clock)
    ready.wait()
    threads = _Threads(press, limiter, clock, trace)
    with ThreadPoolExecutor(press.threads) as pool:
        for thread in [pool.submit(threads.work) for _ in range(press.threads)]:
            thread.result()
    trace.writes, trace.conflicts = calls["writes"], calls["conflicts"]
    return trace


class _Threads:
    """The threads of one process, between `begin_us` and `until_us`."""

    def __init__(self, press: Press, limiter: Limiter, clock: SystemClock, trace: Trace) -> None:
        self._limiter, self._clock, self._trace = limiter, clock, trace
        trace.begin_us = clock.now_us()
        self._until_us = trace.begin_us + round(press.seconds * MICROSECONDS)
        self._storm = range(*(trace.begin_us + round(second * MICROSECONDS) for second in press.storm))
        self._lock = threading.Lock()

    def work(self) -> None:
        """Asks for slot after slot until the time is up."""
        while self._limiter.wait(self._until_us):
            now_us = self._clock.now_us()
            with self._lock:
                self._trace.times_us.append(now_us)
            if now_us in self._storm:
                self._limiter.back_off()
                with self._lock:
                    self._trace.throttled += 1


def _count_writes(client: Any) -> Counter[str]:
    calls: Counter[str] = Counter()

    def count(parsed: Mapping[str, Any], **_: Any) -> None:
        calls["writes"] += 1
        calls["conflicts"] += parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException"

    client.meta.events.register("after-call.dynamodb.UpdateItem", count)
    return calls
