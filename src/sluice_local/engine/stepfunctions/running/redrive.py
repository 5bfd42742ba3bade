"""RedriveExecution: a failed execution goes on at the state that failed.

AWS: states that have succeeded are not run again, nor are the branches, iterations and children of a Map or
Parallel that have; the input and the definition are those of the execution; retries are counted anew, and so
is the time of the state machine's TimeoutSeconds; ExecutionRedriven stands in the history,
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html. It is allowed for fourteen days
and up to 24,999 events; a call with one of the last ten client tokens, of fifteen minutes, is answered again
and does nothing, https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html.

MiniStack 1.5.33: has no such action.
"""

import contextvars
import functools
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.running.branch import Execution
from sluice_local.engine.stepfunctions.running.history import append
from sluice_local.engine.stepfunctions.running.machine import run_execution
from sluice_local.engine.stepfunctions.running.roots import ENDING

WITHIN = timedelta(days=14)
EVENTS_MAX = 24_999
TOKENS_MAX = 10
TOKENS_WITHIN = timedelta(minutes=15)
TOKEN_LENGTH_MAX = 64
_MODULE = "services.stepfunctions"
_REDRIVES = "_redrives"
"""Names the field of an execution that holds the tokens and dates of its last redrives."""
_REDRIVABLE = {"FAILED", "ABORTED", "TIMED_OUT"}
Request = dict[str, Any]


def install(on_restart: Callable[[Execution], None]) -> None:
    """Add the action; `on_restart` is called with each execution that goes on, to watch its time again."""

    def redrive(request: Request) -> Private:
        token = request.get("clientToken")
        if token is not None and not 1 <= len(token) <= TOKEN_LENGTH_MAX:
            return _refusal(
                "ValidationException", f"'clientToken' must have 1 to {TOKEN_LENGTH_MAX} characters"
            )
        execution = ministack.private(f"{_MODULE}._executions").get(request.get("executionArn"))
        if execution is None:
            return _refusal(
                "ExecutionDoesNotExist", f"Execution Does Not Exist: '{request.get('executionArn')}'"
            )
        with ENDING:
            now = datetime.now(UTC)
            if (earlier := redriven_by(execution, token, now)) is not None:
                return _answer(earlier)
            if reason := not_redrivable(execution, now):
                return _refusal("ExecutionNotRedrivable", reason)
            _restart(execution)
            redrives = [*execution.get(_REDRIVES, ()), (token, execution["redriveDate"])]
            execution[_REDRIVES] = redrives[-TOKENS_MAX:]
        on_restart(execution)
        run = contextvars.copy_context().run
        arguments = (run_execution, execution["executionArn"])
        threading.Thread(target=run, args=arguments, daemon=True).start()
        return _answer(execution["redriveDate"])

    ministack.wrap(f"{_MODULE}.handle_request", functools.partial(_also_redrives, redrive))
    ministack.wrap(f"{_MODULE}._describe_execution", _telling_redrives)


def not_redrivable(execution: Execution, now: datetime) -> str | None:
    """Return why an execution cannot be redriven; None if it can."""
    status = execution["status"]
    if "mapRunArn" in execution:
        return "Execution was started by a Map Run; redrive the execution that started the Map Run"
    if status not in _REDRIVABLE:
        return f"Execution is {status} and cannot be redriven"
    if len(execution["events"]) >= EVENTS_MAX:
        return f"Execution history event limit exceeded: it has {len(execution['events'])} events"
    if datetime.fromisoformat(execution["stopDate"]) + WITHIN < now:
        return "Execution has exceeded redrivable period of 14 days"
    return None


def redriven_by(execution: Execution, token: str | None, now: datetime) -> str | None:
    """Return when a call with this token redrove an execution; None if none did, or long ago."""
    dates = [date for each, date in execution.get(_REDRIVES, ()) if each == token and token is not None]
    recent = (date for date in dates if datetime.fromisoformat(date) + TOKENS_WITHIN >= now)
    return next(recent, None)


def _restart(execution: Execution) -> None:
    count = execution.get("redriveCount", 0) + 1
    now = ministack.private("core.responses.now_iso")()
    execution.update(
        status="RUNNING",
        stopDate=None,
        output=None,
        error=None,
        cause=None,
        redriveCount=count,
        redriveDate=now,
    )
    details = {"executionRedrivenEventDetails": {"redriveCount": count}}
    append(execution, "ExecutionRedriven", details, len(execution["events"]))
    ministack.private(f"{_MODULE}._emit_execution_status_event")(execution)


def _also_redrives(redrive: Callable[[Request], Private], handle_request: Private) -> Private:
    @functools.wraps(handle_request)
    async def handle(method: str, path: str, headers: Any, body: Any, query: Any) -> Private:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            answer = redrive(json.loads(body or b"{}"))
            return ministack.private(f"{_MODULE}._finalize_response")(answer)
        return await handle_request(method, path, headers, body, query)

    return handle


def _telling_redrives(describe: Private) -> Private:
    @functools.wraps(describe)
    def answer(request: Request) -> Private:
        status, headers, body = describe(request)
        execution = ministack.private(f"{_MODULE}._executions").get(request.get("executionArn"))
        if execution is None:
            return status, headers, body
        return status, headers, json.dumps({**json.loads(body), **_redrives(execution)}).encode()

    return answer


def _redrives(execution: Execution) -> dict[str, Any]:
    reason = not_redrivable(execution, datetime.now(UTC))
    told = {"redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE", "redriveStatusReason": reason}
    dates = {"redriveDate": execution.get("redriveDate")}
    given = {name: value for name, value in {**told, **dates}.items() if value is not None}
    return {"redriveCount": execution.get("redriveCount", 0), **given}


def _answer(redrive_date: str) -> Private:
    return ministack.private("core.responses.json_response")({"redriveDate": redrive_date})


def _refusal(code: str, message: str) -> Private:
    return ministack.private("core.responses.error_response_json")(code, message, 400)
