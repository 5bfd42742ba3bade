"""Faults of Lambda functions: an environment that is killed at a call, an invocation that is cut short.

AWS: an invocation whose process dies fails with Runtime.ExitError, one that outlives its timeout with
Sandbox.Timedout, https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html. An event
source mapping leaves the messages in the queue, which shows them again after their visibility timeout.

MiniStack 1.5.33 runs an environment as a child process, which our worker program makes known to the server
by the application id in the user agent of each call (`lambda_worker.py`).
"""

import contextlib
import functools
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.functions.lambda_worker import APPLICATION_ID_PREFIX
from sluice_local.engine.functions.updates import retired_workers
from sluice_local.engine.ministack import Private
from sluice_local.faults.in_force import FaultsInForce, Opportunity, function_names
from sluice_local.faults.plan import Fault, FaultKind

_APPLICATION_ID = re.compile(rf"\bapp/{APPLICATION_ID_PREFIX}(\d+)\b")
_TIMED_OUT = frozenset({FaultKind.FUNCTION_TIMED_OUT})


def install(faults: FaultsInForce) -> None:
    """Let invocations be cut short; to be installed before `lambdas`, which words their errors."""
    ministack.wrap("core.lambda_runtime.Worker.invoke", functools.partial(_cut_short, faults))


@dataclass(frozen=True)
class CallingWorker:
    """The process of a function that has sent a request."""

    pid: int

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        with contextlib.suppress(ProcessLookupError):  # it may have died by itself
            os.kill(self.pid, signal.SIGKILL)


def calling_worker(headers: Mapping[str, str]) -> CallingWorker | None:
    """Return the worker that sent a request, None if none did that runs.

    Args:
        headers: HTTP headers, names in lower case.
    """
    found = _APPLICATION_ID.search(headers.get("user-agent", ""))
    if found is None:
        return None
    pools = ministack.private("core.lambda_runtime._workers")
    workers = [worker for pool in tuple(pools.values()) for worker in tuple(pool)]
    processes = map(_process, (*workers, *retired_workers()))
    pids = {process.pid for process in processes if process is not None and process.poll() is None}
    return CallingWorker(int(found[1])) if int(found[1]) in pids else None


def _process(worker: Private) -> Private:
    return worker._proc  # noqa: SLF001 - MiniStack's worker


def _cut_short(faults: FaultsInForce, invoke: Private) -> Private:
    @functools.wraps(invoke)
    def invoke_or_cut_short(worker: Private, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        fault = _drawn(faults, worker.func_name) if faults.active else None
        if fault is None:
            response: dict[str, Any] = invoke(worker, *arguments, **keywords)
            return response
        with _time_limit(worker, fault.seconds) as over:
            response = invoke(worker, *arguments, **keywords)
        return {**response, **_timed_out(worker)} if over.is_set() else response

    return invoke_or_cut_short


def _drawn(faults: FaultsInForce, function: str) -> Fault | None:
    return faults.draw(_TIMED_OUT, Opportunity(function_names(function), function, function))


@contextlib.contextmanager
def _time_limit(worker: Private, seconds: float) -> Iterator[threading.Event]:
    """Kill a worker's process after so long; gives what is set then."""
    if _process(worker) is None or _process(worker).poll() is not None:
        worker._spawn()  # noqa: SLF001 - the time of an invocation begins after its cold start
    over = threading.Event()
    process = _process(worker)

    def end() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _timed_out(worker: Private) -> dict[str, Any]:
    return {
        "status": "error",
        "result": None,
        "failure": None,
        "error": f"Task timed out after {worker.config['Timeout']}.00 seconds",
    }
