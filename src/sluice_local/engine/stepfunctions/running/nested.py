"""Executions that a Task state starts and waits for: `states:startExecution.sync`.

AWS: the child is an execution like any other; a failed one fails the state with States.TaskFailed, its
description the Cause; when the state is aborted, the child is stopped; `.sync` gives the child's input and
output as text, `.sync:2` as JSON,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync.

MiniStack 1.5.33: runs the child in the parent's thread as an Express one, without status events, out of reach
of StopExecution on the parent, and fails the state with the child's own error.

Fixed by starting the child and waiting for its end.
"""

import json
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.stepfunctions.language.install import failure
from sluice_local.engine.stepfunctions.running.branch import Execution, here
from sluice_local.engine.stepfunctions.running.history import record_submission
from sluice_local.engine.stepfunctions.running.roots import ROOTS

_MODULE = "services.stepfunctions"
_SHOWN = ("executionArn", "input", "name", "startDate", "stateMachineArn", "status", "stopDate")


def install() -> None:
    """Replace MiniStack's way to run a nested execution; to be installed before its starts are counted."""
    start = ministack.private(f"{_MODULE}._invoke_nested_start_execution")

    def start_and_wait(resource: str, task_input: dict[str, Any]) -> dict[str, Any]:
        answer = start(resource, task_input)
        record_submission(answer)
        execution = ministack.private(f"{_MODULE}._executions")[answer["ExecutionArn"]]
        _await(execution)
        if execution["status"] != "SUCCEEDED":
            raise failure("States.TaskFailed", json.dumps(described(execution, parsed=False)))
        return described(execution, parsed=resource.endswith(".sync:2"))

    ministack.replace(f"{_MODULE}._invoke_nested_start_execution_sync", start_and_wait)


def _await(execution: Execution) -> None:
    arn, branch = execution["executionArn"], here()
    ended = ROOTS.end_of(arn)
    with branch.when_stopped(ended.set):
        if execution["status"] == "RUNNING":  # it may have ended before anybody listened
            ended.wait()
    if execution["status"] == "RUNNING":
        cause = f"The execution {branch.execution['executionArn']} that waited for it has ended"
        ministack.private(f"{_MODULE}._stop_execution")({"executionArn": arn, "cause": cause})
    branch.require_running()


def described(execution: Execution, *, parsed: bool) -> dict[str, Any]:
    """Return an execution as the state's result or Cause shows it."""
    shown: dict[str, Any] = {f"{name[0].upper()}{name[1:]}": execution[name] for name in _SHOWN}
    shown["InputDetails"] = {"Included": True}
    if parsed:
        shown["Input"] = json.loads(execution["input"])
    for name in ("error", "cause"):
        if execution.get(name) is not None:
            shown[name.capitalize()] = execution[name]
    if execution["output"] is not None:
        shown["Output"] = json.loads(execution["output"]) if parsed else execution["output"]
        shown["OutputDetails"] = {"Included": True}
    return shown
