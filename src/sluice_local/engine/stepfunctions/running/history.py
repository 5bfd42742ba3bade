"""Histories as GetExecutionHistory gives them on AWS.

AWS: events are linked by `previousEventId`; a branch's first event follows the one that started it; a task of
an integrated service has TaskScheduled with its parameters, TaskStarted, TaskSubmitted (`.sync`) and one that
ends it, each with `resourceType` and `resource`; a function called by its ARN has LambdaFunction* events,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html.

MiniStack 1.5.33: links nothing, numbers twice what two threads record at once, has one shape for every task,
and records nothing inside Parallel and Map.

Fixed by recording through the branch that a thread runs.
"""

import functools
import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.running.branch import Branch, Execution, current_branch
from sluice_local.engine.stepfunctions.task_frame import TaskFrame, current_frame

_SERVICE = re.compile(r"arn:aws[\w-]*:states:::(?P<type>(?:aws-sdk:)?[^:]+):(?P<resource>.+)")
_ENDS_OF_TASKS = {"TaskSucceeded", "TaskFailed"}
_TIMED_OUT = {"States.Timeout", "States.HeartbeatTimeout"}
_numbering = threading.Lock()


def install() -> None:
    """Link the events and give those of tasks AWS's names and fields."""
    ministack.wrap("services.stepfunctions._add_event", _linked)


def details_name(event: str) -> str:
    """Return the member that holds an event's details; those of states share one."""
    for part in ("StateEntered", "StateExited"):
        if event.endswith(part):
            return f"state{part.removeprefix('State')}EventDetails"
    return f"{event[0].lower()}{event[1:]}EventDetails"


def record(
    branch: Branch, event: str, details: dict[str, Any] | None = None, *, follows: int | None = None
) -> int:
    """Record an event of a branch; return its id.

    Args:
        branch: whose event it is.
        event: its type.
        details: its own fields; members that are None are left out.
        follows: the event that it follows if not the branch's last one; then the branch's last one stays.

    Raises:
        ExecutionEndedError: if the branch was stopped meanwhile.
    """
    branch.require_running()
    fields = _details(event, details) if details is not None else {}
    number = append(branch.execution, event, fields, branch.last_event if follows is None else follows)
    if follows is None:
        branch.last_event = number
    return number


def append(execution: Execution, event: str, fields: dict[str, Any], follows: int) -> int:
    """Append an event to an execution's history; return its id."""
    with _numbering:
        number = len(execution["events"]) + 1
        timestamp = ministack.private("core.responses.now_iso")()
        # AWS gives the second event, as the first, 0 for the one before
        before = 0 if number <= 2 else follows
        execution["events"].append(
            {"id": number, "previousEventId": before, "type": event, "timestamp": timestamp, **fields}
        )
    return number


def _details(event: str, details: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in details.items() if value is not None}
    for data in ("input", "output"):
        if data in given:
            given[f"{data}Details"] = {"truncated": False}
    return {details_name(event): given}


def _linked(add_event: Private) -> Private:
    """Record what MiniStack's own functions tell: the events of tasks, and those that end executions."""

    @functools.wraps(add_event)
    def add(execution: Execution, event: str, fields: dict[str, Any] | None = None) -> None:
        branch = current_branch()
        if branch is None or branch.execution is not execution:
            append(execution, event, fields or {}, len(execution["events"]))
        elif event == "TaskScheduled":
            _begin_task(branch, current_frame())
        elif event in _ENDS_OF_TASKS:
            _end_task(branch, current_frame(), event, next(iter((fields or {}).values()), {}))
        else:
            record(branch, event, next(iter((fields or {}).values()), None))

    return add


def _begin_task(branch: Branch, frame: TaskFrame) -> None:
    kind = TaskKind.of(frame.state["Resource"])
    frame.is_open = True
    if kind.is_activity:
        return  # `activities` records its own
    limits = {
        "timeoutInSeconds": frame.seconds("TimeoutSeconds"),
        "heartbeatInSeconds": frame.seconds("HeartbeatSeconds"),
    }
    given = {name: int(seconds) for name, seconds in limits.items() if seconds is not None}
    arguments = json.dumps(frame.arguments)
    if kind.is_function:
        record(branch, "LambdaFunctionScheduled", {"resource": kind.resource, "input": arguments, **given})
        record(branch, "LambdaFunctionStarted")
        return
    details = {**kind.named(), "region": request_scope().region, "parameters": arguments, **given}
    record(branch, "TaskScheduled", details)
    record(branch, "TaskStarted", kind.named())


def _end_task(branch: Branch, frame: TaskFrame, event: str, details: dict[str, Any]) -> None:
    """Record how a task ended, once: what fails afterwards, such as its OutputPath, is not the task's."""
    kind = TaskKind.of(frame.state["Resource"])
    was_open, frame.is_open = frame.is_open, False
    if kind.is_activity or not was_open:
        return
    end = event.removeprefix("Task")
    if end == "Failed" and details.get("error") in _TIMED_OUT:
        end = "TimedOut"
    said = {name: details.get(name) or None for name in ("output", "error", "cause")}
    if kind.is_function:
        record(branch, f"LambdaFunction{end}", said)
    else:
        record(branch, f"Task{end}", {**kind.named(), **said})


def record_submission(answer: Any) -> None:
    """Record that the task of this thread has submitted its job or started its execution, with the answer."""
    branch = current_branch()
    if branch is not None:
        kind = TaskKind.of(current_frame().state["Resource"])
        record(branch, "TaskSubmitted", {**kind.named(), "output": json.dumps(answer)})


@dataclass(frozen=True)
class TaskKind:
    """What a Task state calls: an activity or a function by ARN, or a service's action."""

    resource_type: str
    resource: str

    @classmethod
    def of(cls, resource: str) -> "TaskKind":
        """Read the Resource of a Task state."""
        found = _SERVICE.fullmatch(resource)
        if found:
            return cls(found["type"], found["resource"])
        return cls("activity" if ":activity:" in resource else "function", resource)

    @property
    def is_activity(self) -> bool:
        """Whether a worker polls for the task."""
        return self.resource_type == "activity"

    @property
    def is_function(self) -> bool:
        """Whether it is a Lambda function that is named by its ARN."""
        return self.resource_type == "function"

    def named(self) -> dict[str, Any]:
        """Return the fields by which events name it."""
        return {"resourceType": self.resource_type, "resource": self.resource}
