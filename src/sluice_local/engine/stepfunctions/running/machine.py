"""Runs executions, and the machines inside Parallel and Map, state by state.

MiniStack 1.5.33: a branch has no events, an execution that fails has an output, and nothing is kept of how
far one came.

Fixed by a loop over the states for executions and branches alike; what a state does stays MiniStack's.
"""

import contextlib
import functools
import json
import logging
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.activity_broker import ExecutionEndedError
from sluice_local.engine.stepfunctions.deletions import end_if_deleting
from sluice_local.engine.stepfunctions.language.install import failure
from sluice_local.engine.stepfunctions.running.branch import (
    KEPT,
    Branch,
    Execution,
    Kept,
    current_branch,
    entered,
)
from sluice_local.engine.stepfunctions.running.history import record
from sluice_local.engine.stepfunctions.running.roots import ENDING, ROOTS

State = dict[str, Any]

DATA_BYTES_MAX = 262_144
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: input or result of a state"""
_MODULE = "services.stepfunctions"
_WITH_EXECUTION = {"Task", "Parallel", "Map"}
_log = logging.getLogger(__name__)


def install() -> None:
    """Replace MiniStack's loop, and what it calls at an execution's end and to wait."""
    ministack.replace(f"{_MODULE}._run_execution", run_execution)
    ministack.replace(f"{_MODULE}._fail_execution", fail_execution)
    ministack.replace(f"{_MODULE}._apply_result_selector", _select_result)
    ministack.replace(f"{_MODULE}._scaled_sleep", _sleep)
    ministack.wrap(f"{_MODULE}._start_sync_execution", _without_output_of_failed)


def run_execution(execution_arn: str) -> None:
    """Run an execution, or run it on where it failed, to its end."""
    execution = ministack.private(f"{_MODULE}._executions").get(execution_arn)
    machine = execution and ministack.private(f"{_MODULE}._state_machines").get(execution["stateMachineArn"])
    if not machine:
        return  # it was deleted meanwhile
    started = execution["events"][0]
    started.setdefault("previousEventId", 0)
    started["executionStartedEventDetails"].setdefault("inputDetails", {"truncated": False})
    # an update of the state machine does not reach the executions that it has
    definition = json.loads(execution.setdefault("_definition", machine["definition"]))
    context = context_of(execution, definition, machine["name"])
    context["Execution"]["RoleArn"] = machine["roleArn"]
    kept = execution.setdefault(KEPT, Kept())
    run_to_end(Branch(execution, context, kept, last_event=len(execution["events"])), definition)


def _without_output_of_failed(start_sync: Private) -> Private:
    """MiniStack answers StartSyncExecution of a failed execution with an empty output."""

    @functools.wraps(start_sync)
    def start(request: State) -> Private:
        status, headers, body = start_sync(request)
        answer = json.loads(body)
        if answer.get("status") not in {None, "SUCCEEDED"}:
            answer = {name: value for name, value in answer.items() if not name.startswith("output")}
        return status, headers, json.dumps(answer).encode()

    return start


def context_of(execution: Execution, definition: State, machine_name: str) -> dict[str, Any]:
    """Return the context object with which an execution begins, and its variables.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """
    redriven = {"RedriveTime": execution["redriveDate"]} if execution.get("redriveDate") else {}
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("redriveCount", 0),
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine_name},
        "variables": {},
    }


def run_to_end(branch: Branch, machine: State) -> None:
    """Run an execution's machine and note how it ended, unless it was ended from outside."""
    failed = ministack.private(f"{_MODULE}._ExecutionError")
    with entered(branch), ROOTS.running(branch), contextlib.suppress(ExecutionEndedError):
        try:
            _succeed(branch, json.dumps(run_states(branch, machine, json.loads(branch.execution["input"]))))
        except failed as error:
            fail_execution(branch.execution, error.error, error.cause)


def _succeed(branch: Branch, output: str) -> None:
    with ENDING:
        record(branch, "ExecutionSucceeded", {"output": output})
        _end(branch.execution, status="SUCCEEDED", output=output)
        branch.execution.pop(KEPT, None)  # it can never be redriven
    _tell(branch.execution)


def fail_execution(execution: Execution, error: str | None, cause: str | None) -> None:
    """Note that an execution failed, if it still runs; it has no output."""
    with ENDING:
        if execution["status"] != "RUNNING":
            return
        details = {"executionFailedEventDetails": {"error": error, "cause": cause}}
        ministack.private(f"{_MODULE}._add_event")(execution, "ExecutionFailed", details)
        _end(execution, status="FAILED", error=error, cause=cause)
    _tell(execution)


def _end(execution: Execution, **result: Any) -> None:
    execution.update(result, stopDate=ministack.private("core.responses.now_iso")())


def _tell(execution: Execution) -> None:
    if "mapRunArn" not in execution:
        ministack.private(f"{_MODULE}._emit_execution_status_event")(execution)


def run_states(branch: Branch, machine: State, data: Any) -> Any:
    """Run a machine's states from its first one, or from where it had come to; return the last one's output.

    Raises:
        ExecutionEndedError: if the branch was stopped.
    """
    kept, name = branch.kept, machine["StartAt"]
    if kept.output is not None:
        return kept.output[0]
    is_resumed = kept.at is not None
    if kept.at is not None:
        name, data, branch.context["variables"] = kept.at
    while name is not None:
        if not is_resumed:
            kept.enter(name, data, branch.context["variables"])
        data, name = _run_state(branch, machine["States"][name], name, data, is_resumed=is_resumed)
        is_resumed = False
    kept.forget_inside()
    kept.output = (data,)
    return data


def _run_state(
    branch: Branch, state: State, name: str, data: Any, *, is_resumed: bool
) -> tuple[Any, str | None]:
    """Run one state; return its output and the name of the next one. A redriven one is not entered again."""
    branch.require_running()
    kind = state["Type"]
    now = ministack.private("core.responses.now_iso")()
    branch.context["State"] = {"Name": name, "EnteredTime": now, "RetryCount": 0}
    branch.state = (name, kind)
    at = branch.last_event
    if not is_resumed:
        end_if_deleting(branch.execution)
        at = record(branch, f"{kind}StateEntered", {"name": name, "input": json.dumps(data)})
    try:
        output, following = _perform(branch, state, data)
    except ministack.private(f"{_MODULE}._ExecutionError") as error:
        error.cause = _located(error.error, error.cause, name, at)
        raise
    except Exception as error:  # MiniStack's own faults: AWS too names what nobody foresaw so
        _log.exception("State %s failed", name)
        cause = _located("States.Runtime", str(error), name, at)
        raise ministack.private(f"{_MODULE}._ExecutionError")("States.Runtime", cause) from error
    branch.require_running()
    text = json.dumps(output)
    if len(text.encode()) > DATA_BYTES_MAX:
        raise failure(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )
    record(branch, f"{kind}StateExited", {"name": name, "output": text})
    return output, following


def _located(error: str | None, cause: str | None, state: str, event: int) -> str | None:
    begin = "An error occurred while executing the state"
    if error != "States.Runtime" or (cause or "").startswith(begin):
        return cause
    return f"{begin} '{state}' (entered at the event id #{event}). {cause}"


def _perform(branch: Branch, state: State, data: Any) -> tuple[Any, str | None]:
    kind, context = state["Type"], branch.context
    if kind == "Succeed":
        return _succeed_state(state, data, context), None
    if kind == "Fail":
        error = ministack.private(f"{_MODULE}._ExecutionError")
        raise error(*ministack.private(f"{_MODULE}._fail_state_error")(state, data, context))
    perform = ministack.private(f"{_MODULE}._execute_{kind.lower()}")
    execution = (branch.execution,) if kind in _WITH_EXECUTION else ()
    output, following = perform(state, data, *execution, context)
    return output, following


def _succeed_state(state: State, data: Any, context: State) -> Any:
    if is_jsonata(state, context):
        return ministack.private(f"{_MODULE}._apply_jsonata_output")(state, data, context, default=data)
    taken = ministack.private(f"{_MODULE}._apply_input_path")(state, data, context)
    return ministack.private(f"{_MODULE}._apply_output_path")(state, taken, context)


def is_jsonata(state: State, context: State) -> bool:
    """Tell whether a state's expressions are JSONata."""
    language = ministack.private(f"{_MODULE}._state_query_language")(state, context)
    return bool(language == "JSONata")


def output_of(state: State, data: Any, result: Any, context: State) -> Any:
    """Make a state's output of its result, as the state's language has it, and set its variables."""
    if is_jsonata(state, context):
        output = ministack.private(f"{_MODULE}._apply_jsonata_output")(
            state, data, context, result=result, default=result
        )
        ministack.private(f"{_MODULE}._apply_state_assign")(state, data, context, result=result)
        return output
    selected = ministack.private(f"{_MODULE}._apply_result_selector")(state, result)
    merged = ministack.private(f"{_MODULE}._apply_result_path")(state, data, selected)
    return ministack.private(f"{_MODULE}._apply_output_path")(state, merged, context)


def _select_result(state: State, result: Any) -> Any:
    """ResultSelector sees the context object too."""
    if not state.get("ResultSelector"):
        return result
    branch = current_branch()
    context = branch.context if branch else {}
    return ministack.private(f"{_MODULE}._resolve_params_obj")(state["ResultSelector"], result, context)


def _sleep(seconds: float) -> None:
    """Wait states and the pauses between retries end when their branch is stopped."""
    branch = current_branch()
    if branch is not None:
        branch.sleep(seconds * ministack.private(f"{_MODULE}._SFN_WAIT_SCALE"))
