"""Where the simulation takes the place of the machine: time, threads, clients, environment.

All of Sluice runs as it is deployed; replaced are names of Python's and botocore's in the modules that
import them. `install` does so once in an interpreter that does nothing but simulate.
"""

from __future__ import annotations

import gc
import importlib
import logging
import pkgutil
import sys
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import sluice
from sluice.aws import clients
from sluice.aws.tables import task_items
from sluice.runtime import telemetry
from sluice.wiring import base
from tests.simulation.kernel import threads
from tests.simulation.kernel.world import Process, current

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HANDLERS: Final = (
    "cancel_jobs",
    "count_samples",
    "ensure_pollers",
    "handle_job_status",
    "reconcile_samples",
    "reconcile_tasks",
    "start_samples",
    "submit_jobs",
)


YOUNG_OBJECTS: Final = 50_000
"""How many new objects bring the garbage collector: a round makes and drops far more than Python expects."""
CLIENTS: Final = tuple(
    name for name, made in vars(clients).items() if hasattr(made, "cache_info") and not name.startswith("_")
)
"""What a process of Python's has one of: shared by rounds, it would call the world of the first of them."""


class ProcessClock:
    """A process's own clock, which may be off; implements ports.Clock."""

    def __init__(self, process: Process) -> None:
        self._process, self._world = process, process.world

    def now_us(self) -> int:
        return self._world.now + self._process.offset_us

    def now_ms(self) -> int:
        return (self._world.now + self._process.offset_us) // 1000

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._world.sleep(seconds)


class TracedTelemetry(telemetry.LambdaTelemetry):
    """Counts for the round, and says in its trace what would be in the log; implements ports.Telemetry."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def publish(
        self, _: str, ages_seconds: Mapping[str, int] | None = None, *, unsent: Sequence[str] = ()
    ) -> dict[str, int]:
        """Ends an invocation."""
        del unsent
        counts = self.drain()
        self._process.world.counts.update(counts)
        ages = ages_seconds or {}
        if counts or ages:
            self._process.world.say(f"{self._process.name} counts {counts} {dict(ages)}")
        return counts


def _saying(name: str) -> Callable[..., None]:
    def say(self: Any, *arguments: Any) -> None:
        self._process.world.say(f"{self._process.name}: {name} {arguments}")

    return say


for _name in vars(telemetry.LambdaTelemetry):
    if _name.endswith(("_left", "_failed", "_not_described")):
        setattr(TracedTelemetry, _name, _saying(_name))


@cache
def install() -> Mapping[str, Callable[[Any, Any], Any]]:
    """Replaces the names, and returns the handlers of the functions by their folders."""
    for info in pkgutil.walk_packages(sluice.__path__, "sluice."):
        importlib.import_module(info.name)
    apps = {name: importlib.import_module(f"{name}.app") for name in HANDLERS}
    for module in [each for name, each in sys.modules.items() if name.startswith("sluice.")]:
        _replace_threads(module)
    for name in CLIENTS:
        setattr(clients, name, _once_a_process(getattr(clients, name)))
    clients._client = _client
    replaced: Any = base
    replaced.SystemClock = lambda: ProcessClock(current().process)
    replaced.LambdaTelemetry = lambda: TracedTelemetry(current().process)
    replaced.os = _Environment()
    logging.disable(logging.CRITICAL)
    for app in apps.values():
        for name, value in vars(app).items():
            if getattr(value, "__module__", "").startswith("sluice.wiring."):
                setattr(app, name, _once_a_process(value))
    gc.freeze()  # what is here by now stays, so that nobody need look through it again
    gc.set_threshold(YOUNG_OBJECTS)
    return {name: app.lambda_handler for name, app in apps.items()}


def divide_lines(partitions: int) -> None:
    """Divides the lines of open and of unsettled tasks into so many partitions, each of which is asked."""
    replaced: Any = task_items
    replaced.PARTITIONS = partitions


def _replace_threads(module: ModuleType) -> None:
    if hasattr(module, "threading"):
        module.threading = threads.Threading  # type: ignore[attr-defined]
    if hasattr(module, "ThreadPoolExecutor"):
        module.ThreadPoolExecutor = threads.ThreadPoolExecutor  # type: ignore[attr-defined]
    if hasattr(module, "time") and isinstance(module.time, ModuleType):
        module.time = SimpleNamespace(sleep=_sleep, time_ns=_time_ns, monotonic=lambda: _time_ns() / 1e9)  # type: ignore[attr-defined]


def _sleep(seconds: float) -> None:
    ProcessClock(current().process).sleep(seconds)


def _time_ns() -> int:
    return ProcessClock(current().process).now_us() * 1000


def _once_a_process(made: Any) -> Callable[[], Any]:
    """What functools.cache is to a process of Python's."""
    original = made.__wrapped__

    def get() -> Any:
        memory = current().process.memory
        if original not in memory:
            memory[original] = original()
        return memory[original]

    get.__wrapped__ = original  # type: ignore[attr-defined]
    return get


def _client(service: str, retries: Any, *, read_timeout_seconds: int, **_: Any) -> Any:
    process = current().process
    return process.memory["network"].client(service, process, retries, float(read_timeout_seconds))


class _Environment:
    """The environment variables of the present process."""

    @property
    def environ(self) -> Mapping[str, str]:
        found: Mapping[str, str] = current().process.memory["environment"]
        return found
