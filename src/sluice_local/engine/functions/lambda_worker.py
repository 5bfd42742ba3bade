"""Runs one Lambda function: a program that MiniStack starts as a child, once for each concurrent invocation.

It speaks MiniStack's protocol, one JSON line each way: first how to find the handler, answered by
`{"status": "ready"}`; then an event at a time, answered by its result. What the handler prints goes to
standard error as soon as it is printed, followed by `END_OF_LOG` on a line of its own. It uses the standard
library only, and imports nothing of this project, because the function's own folder comes first on its path.
"""

import importlib
import io
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from typing import IO, Any, TextIO

END_OF_LOG = "\x1eend of log\x1e"
APPLICATION_ID_PREFIX = "worker-"
"""What stands before this process's id in the user agent of its AWS calls."""


@dataclass(frozen=True)
class Context:
    """The handler's second argument, https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is ended."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def main() -> None:
    """Serve invocations until standard input ends."""
    answers = _take_standard_output()
    setup = json.loads(sys.stdin.readline())
    # tells the server which process calls; https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
    os.environ.setdefault("AWS_SDK_UA_APP_ID", f"{APPLICATION_ID_PREFIX}{os.getpid()}")
    sys.path.insert(0, setup["code_dir"])
    try:
        handler = getattr(importlib.import_module(setup["module"]), setup["handler"])
    except Exception as error:  # noqa: BLE001 - the top of a process: whatever the module raises is its answer
        _log(traceback.format_exc())
        _answer(answers, {"status": "error", "error": f"{type(error).__name__}: {error}"})
        return
    _answer(answers, {"status": "ready"})
    for line in sys.stdin:
        message = json.loads(line)
        response = _invoke(handler, message["event"], _context(setup, message["ctx"]))
        _log(f"\n{END_OF_LOG}\n")
        _answer(answers, response)


def _take_standard_output() -> IO[str]:
    """Keep standard output for answers; let what anybody prints there go to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout, sys.stderr = _unbuffered(1), _unbuffered(2)
    return answers


def _unbuffered(descriptor: int) -> TextIO:
    """Open standard output or error so that no printed word waits, which would be lost when the process ends.

    Lambda's runtime does so too, whatever PYTHONUNBUFFERED says (class Unbuffered of
    https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/bootstrap.py).
    """
    stream = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115 - open until the end
    return io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", write_through=True)


def _log(text: str) -> None:
    """Write to the log, also after a handler has closed or replaced `sys.stderr`."""
    with open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as log:
        log.write(text)


def _answer(answers: IO[str], response: dict[str, Any]) -> None:
    answers.write(json.dumps(response) + "\n")
    answers.flush()


def _context(setup: dict[str, Any], invocation: dict[str, Any]) -> Context:
    return Context(
        function_name=setup["function_name"],
        function_version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        invoked_function_arn=invocation["invoked_function_arn"],
        memory_limit_in_mb=setup["memory"],
        aws_request_id=invocation["request_id"],
        log_group_name=f"/aws/lambda/{setup['function_name']}",
        log_stream_name=os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        deadline=time.monotonic() + invocation["timeout_ms"] / 1000,
    )


def _invoke(handler: Any, event: Any, context: Context) -> dict[str, Any]:
    """Call the handler; a failure is a result as well, so that the process stays warm as on AWS."""
    try:
        result = handler(event, context)
    except Exception as error:  # noqa: BLE001 - the top of a process: whatever the handler raises is its answer
        _log(traceback.format_exc())
        return _failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))
    try:
        json.dumps(result)
    except (TypeError, ValueError) as error:
        return _failure("Runtime.MarshalError", f"Unable to marshal response: {error}", [])
    return {"status": "ok", "result": result}


def _failure(error_type: str, message: str, stack: list[str]) -> dict[str, Any]:
    failure = {"errorMessage": message, "errorType": error_type, "stackTrace": stack}
    return {"status": "ok", "result": None, "failure": failure}


if __name__ == "__main__":
    main()
