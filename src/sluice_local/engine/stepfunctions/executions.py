"""Executions that start once, time out and stop as on AWS.

AWS: StartExecution with the name and input of a RUNNING execution answers with that one,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html; a state machine's
`TimeoutSeconds` ends it as TIMED_OUT,
https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html; when an execution has
ended, so have its open tasks. A name can be used again after 90 days, which is taken to hold for a state
machine that was deleted and made again too: its executions are gone, their names are not.

MiniStack 1.5.33: refuses every second start of a name, forgets the names of a deleted state machine, ignores
`TimeoutSeconds`, and lets the thread of a stopped execution run on.

Fixed by wrapping start, stop and deletion; the timeout is a timer on the server's event loop.
"""

import contextvars
import functools
import json
import threading
from collections.abc import Set as AbstractSet
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.activity_broker import ActivityBroker
from sluice_local.engine.stepfunctions.running import redrive
from sluice_local.engine.stepfunctions.running.roots import ENDING, ROOTS

Request = dict[str, Any]
Execution = dict[str, Any]

_OK = 200


def install(engine: Engine, broker: ActivityBroker) -> None:
    """Fix starting, stopping and timing out, and add redriving."""
    timeouts = _Timeouts(engine, broker)
    used: set[str] = set()
    ministack.wrap("services.stepfunctions._start_execution", functools.partial(_start, timeouts, used))
    ministack.wrap("services.stepfunctions._delete_state_machine", functools.partial(_delete, used))
    ministack.wrap("services.stepfunctions._stop_execution", functools.partial(_stop, broker))
    redrive.install(timeouts.watch)


class _Timeouts:
    """Ends executions that run longer than their state machine's `TimeoutSeconds`."""

    def __init__(self, engine: Engine, broker: ActivityBroker) -> None:
        self._loop = engine.loop
        self._broker = broker

    def watch(self, execution: Execution) -> None:
        """End `execution` in time, unless it has ended by itself; callable from any thread."""
        machine = ministack.private("services.stepfunctions._state_machines")[execution["stateMachineArn"]]
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
        if seconds is not None:
            # The timer's callback looks things up under the account and Region of this request.
            context = contextvars.copy_context()
            end = functools.partial(context.run, self._end, execution, execution.get("redriveCount", 0))
            self._loop.call_soon_threadsafe(lambda: self._loop.call_later(seconds, end))

    def _end(self, execution: Execution, redrives: int) -> None:
        with ENDING:
            # one that was redriven has a timer of its own
            if execution["status"] != "RUNNING" or execution.get("redriveCount", 0) != redrives:
                return
            now = ministack.private("core.responses.now_iso")()
            execution.update(status="TIMED_OUT", error="States.Timeout", stopDate=now)
            details = {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
            ministack.private("services.stepfunctions._add_event")(execution, "ExecutionTimedOut", details)
            ministack.private("services.stepfunctions._emit_execution_status_event")(execution)
        self._broker.end_execution(execution["executionArn"])
        ROOTS.stop(execution["executionArn"])


def _start(timeouts: _Timeouts, used: AbstractSet[str], start_execution: Private) -> Private:
    # Nested starts come from their executions' threads, all others from the event loop.
    starting = threading.Lock()

    @functools.wraps(start_execution)
    def start(request: Request) -> Private:
        with starting:
            if execution := _running_namesake(request):
                return ministack.private("core.responses.json_response")(
                    {"executionArn": execution["executionArn"], "startDate": execution["startDate"]}
                )
            if _arn_of(request) in used:
                return ministack.private("core.responses.error_response_json")(
                    "ExecutionAlreadyExists", "An execution of this name was started before", 400
                )
            response = start_execution(request)
        if response[0] == _OK:
            timeouts.watch(_execution(json.loads(response[2])["executionArn"]))
        return response

    return start


def _running_namesake(request: Request) -> Execution | None:
    """The execution that this request has started before, if it still runs."""
    arn = _arn_of(request)
    execution = _execution(arn) if arn else None
    same = execution and execution["status"] == "RUNNING" and execution["input"] == request.get("input", "{}")
    return execution if same else None


def _arn_of(request: Request) -> str | None:
    """The ARN of the execution that this request is to start; None if it does not say."""
    resolve = ministack.private("services.stepfunctions._resolve_state_machine_arn")
    machine_arn = resolve(request.get("stateMachineArn"))
    if machine_arn is None or not request.get("name"):
        return None
    return f"{machine_arn.replace(':stateMachine:', ':execution:')}:{request['name']}"


def _delete(used: set[str], delete_state_machine: Private) -> Private:
    @functools.wraps(delete_state_machine)
    def delete(request: Request) -> Private:
        executions = ministack.private("services.stepfunctions._executions")
        machine_arn = request.get("stateMachineArn")
        arns = {arn for arn, each in list(executions.items()) if each["stateMachineArn"] == machine_arn}
        response = delete_state_machine(request)
        used.update(arns if response[0] == _OK else ())
        return response

    return delete


def _execution(arn: str) -> Execution:
    found: Execution = ministack.private("services.stepfunctions._executions").get(arn)
    return found


def _stop(broker: ActivityBroker, stop_execution: Private) -> Private:
    @functools.wraps(stop_execution)
    def stop(request: Request) -> Private:
        with ENDING:
            response = stop_execution(request)
        if response[0] == _OK:
            broker.end_execution(request["executionArn"])
            ROOTS.stop(request["executionArn"])
        return response

    return stop
