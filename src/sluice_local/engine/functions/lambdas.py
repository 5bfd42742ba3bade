"""Lambda functions whose names, errors and logs are those of AWS.

AWS: the `errorType` of a failed Python function is its exception's class name (Step Functions' Catch
matches it), and the environment stays warm after an exception,
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html.

MiniStack 1.5.33: every errorType is Runtime.HandlerError, the worker process is ended after an exception,
and an invocation that logs nothing takes 50 ms longer because its end is guessed from silence. A process that
dies is a Runtime.HandlerError as well, where AWS says Runtime.ExitError. The last words of a function that
times out are lost, and so is the whole log from the first byte on that is not UTF-8. A function may have any
name, such as `../x`, and its worker's folder is called after it.

Fixed by refusing the names that AWS refuses, and by a worker program of our own (`lambda_worker.py`) that
marks the end of an invocation's log and returns an exception as data; how a process ended is read from its
exit status. The log of a process that has ended is read to its end.
"""

import functools
import queue
import re
import signal
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.functions import lambda_worker
from sluice_local.engine.ministack import Private

# The log comes before the answer; only a handler that led descriptor 2 elsewhere makes this wait.
_LOG_SECONDS = 1.0

# a name or an ARN, https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
_NAME = re.compile(r"[a-zA-Z0-9_:$-]{1,140}")

_DIED = "Worker process died"  # MiniStack's words

_failure: ContextVar[dict[str, Any] | None] = ContextVar("lambda_failure", default=None)


def install() -> None:
    """Run Python functions by our worker program."""
    ministack.wrap("services.lambda_svc._create_function", _of_valid_name)
    ministack.wrap("core.lambda_runtime._detect_runtime_binary", _own_worker)
    ministack.wrap("core.lambda_runtime.Worker._spawn", _remembering_process)
    ministack.wrap("core.lambda_runtime.Worker.invoke", _remembering_failure)
    ministack.wrap("core.lambda_runtime.Worker._read_stderr", _reading_any_bytes)
    ministack.replace("core.lambda_runtime.Worker._drain_stderr_bounded", _read_log)
    ministack.replace("core.lambda_runtime.Worker._drain_stderr", _read_log)  # after a timeout
    ministack.wrap("services.lambda_svc._execute_function_warm", _reporting_failure)


def _of_valid_name(create: Private) -> Private:
    error_response = ministack.private("core.responses.error_response_json")

    @functools.wraps(create)
    def checked(request: Mapping[str, Any]) -> Private:
        name = request.get("FunctionName")
        if name and not _is_name(name):
            message = f"Value {name!r} at 'functionName' failed to satisfy constraint: {_NAME.pattern}"
            return error_response("ValidationException", message, 400)
        return create(request)

    return checked


def _is_name(name: object) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _own_worker(detect: Private) -> Private:
    program = Path(lambda_worker.__file__).read_text()

    @functools.wraps(detect)
    def find(runtime: str) -> tuple[str, str]:
        if runtime.startswith("python"):
            return sys.executable, program
        found: tuple[str, str] = detect(runtime)
        return found

    return find


def _remembering_process(spawn: Private) -> Private:
    """Keep a worker's process, which MiniStack forgets when it has died."""

    @functools.wraps(spawn)
    def remembering(worker: Private) -> None:
        if not _is_name(worker.func_name):  # a template may have named it
            raise ValueError(f"{worker.func_name!r} is not the name of a function, so it has no folder")
        spawn(worker)
        worker.last_process = worker._proc  # noqa: SLF001 - MiniStack's worker

    return remembering


def _remembering_failure(invoke: Private) -> Private:
    @functools.wraps(invoke)
    def remembering(worker: Private, event: object, request_id: str, **keywords: Any) -> dict[str, Any]:
        response: dict[str, Any] = invoke(worker, event, request_id, **keywords)
        died = response.get("error") == _DIED
        exit_status = worker.last_process.poll() if died else None
        _failure.set(_died(request_id, exit_status) if died else response.get("failure"))
        return response

    return remembering


def _died(request_id: str, exit_status: int | None) -> dict[str, Any]:
    """Word the end of a process as AWS does.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
    """
    ended_by_signal = exit_status is not None and exit_status < 0
    name = (signal.strsignal(-exit_status) or "").lower() if ended_by_signal and exit_status else ""
    how = f"signal: {name}" if name else f"exit status {exit_status}"
    message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
    return {"errorType": "Runtime.ExitError", "errorMessage": message}


def _reporting_failure(execute: Private) -> Private:
    @functools.wraps(execute)
    def reporting(function: Private, event: object, request_id: str) -> dict[str, Any]:
        _failure.set(None)
        result: dict[str, Any] = execute(function, event, request_id)
        failure = _failure.get()
        return (
            result
            if failure is None
            else {**result, "body": {**failure, "requestId": request_id}, "error": True}
        )

    return reporting


def _reading_any_bytes(read: Private) -> Private:
    """Show a byte that is no text as a replacement character, instead of reading no further."""

    @functools.wraps(read)
    def reading(worker: Private) -> None:
        worker._proc.stderr.reconfigure(encoding="utf-8", errors="replace")  # noqa: SLF001 - MiniStack's worker
        read(worker)

    return reading


def _read_log(worker: Private) -> str:
    """Return the lines that this invocation has logged."""
    log: queue.Queue[str] = worker._stderr_queue  # noqa: SLF001 - MiniStack's worker
    lines: list[str] = []
    seconds = _LOG_SECONDS
    if worker._proc is None:  # noqa: SLF001 - it has died, and marked no end
        worker._stderr_thread.join(_LOG_SECONDS)  # noqa: SLF001
        seconds = 0.0
    try:
        while (line := log.get(timeout=seconds)) != lambda_worker.END_OF_LOG:
            lines.append(line)
    except queue.Empty:
        pass
    return "\n".join(lines).rstrip("\n")
