"""Workflows of other shapes than a chain of jobs, each of which fails in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.stack.stack import Stack

SAMPLE = {"sample": "NA06989", "cohort": "trio"}
BY_PARAMETER = ("sh", "-c", 'echo "says $0"; exit $0', "Ref::code")
BY_CHILD = (
    "sh",
    "-c",
    'echo "child $AWS_BATCH_JOB_ARRAY_INDEX"; [ "$AWS_BATCH_JOB_ARRAY_INDEX" != 2 ] || exit 4',
)
CAUGHT = [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}]
BAD = {"Type": "Fail", "Error": "SampleFailed", "Cause": "see above"}


@dataclass
class Shapes:
    """Starts executions of which each has a shape of its own.

    Attributes:
        stack: where they run.
        name: begins the names of the machines.
        arns: of the executions, by shape.
    """

    stack: Stack
    name: str = "shape"
    arns: dict[str, str] = field(default_factory=dict)

    def start_all(self) -> None:
        """Starts one of each."""
        machines = Machines(self.stack.states, self.name)
        for name, make in SHAPES.items():
            arn = machines.create(make(self), f"-{name}")
            self.arns[name] = machines.start(arn, SAMPLE, name=f"{name}-1")

    def ended(self, name: str) -> Any:
        """The execution of this shape, when it has ended."""
        return Machines(self.stack.states, self.name).ended(self.arns[name], within_seconds=60)

    def task(self, name: str, code: object, *command: str, **fields: Any) -> dict[str, Any]:
        """A state that runs one job, which ends with this exit code: a number, or a path of the input."""
        definition = self.stack.job_definition(f"shape-{name}", *(command or BY_PARAMETER))
        given = {"code.$": code} if isinstance(code, str) else {"code": str(code)}
        more = fields.pop("job", {})
        return {
            "Type": "Task",
            "Resource": self.stack.outputs["ActivityArn"],
            "HeartbeatSeconds": 600,
            "Parameters": {
                "executionArn.$": "$$.Execution.Id",
                "stateName.$": "$$.State.Name",
                "jobs": [{**self.stack.job(name, definition), "parameters": given, **more}],
            },
            **(fields or {"End": True}),
        }


def caught(it: Shapes) -> dict[str, Any]:
    """A job fails, is caught, and the workflow fails under a name of its own after it has cleaned up."""
    work = it.task("align", 6, Next="Good", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Clean"}])
    clean = it.task("clean", 0, Next="Bad")
    return {
        "StartAt": "Align",
        "States": {"Align": work, "Clean": clean, "Bad": BAD, "Good": {"Type": "Succeed"}},
    }


def recovered(it: Shapes) -> dict[str, Any]:
    """A job fails and is recovered from; another one fails later."""
    first = it.task("check", 5, Next="Align", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Align"}])
    return {"StartAt": "Check", "States": {"Check": first, "Align": it.task("align", 7)}}


def mapped(it: Shapes) -> dict[str, Any]:
    """A Map runs the same state for six items, of which one fails; its Catch is outside."""
    each = {"StartAt": "Call", "States": {"Call": it.task("call", "$.code")}}
    items = [{"code": "0"}, {"code": "0"}, {"code": "0"}, {"code": "9"}, {"code": "0"}, {"code": "0"}]
    given = {"Type": "Pass", "Result": {"items": items}, "Next": "Scatter"}
    scatter = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 2,
        "ItemProcessor": each,
        "Catch": CAUGHT,
    }
    states = {"Items": given, "Scatter": {**scatter, "End": True}, "Bad": BAD}
    return {"StartAt": "Items", "States": states}


def parallel(it: Shapes) -> dict[str, Any]:
    """Two branches: the left one goes on while the right one fails."""
    left = it.task("left", 0, "sh", "-c", "exec sleep 600")
    branches = [
        {"StartAt": "Left", "States": {"Left": left}},
        {"StartAt": "Right", "States": {"Right": it.task("right", 8)}},
    ]
    return {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}}


def array(it: Shapes) -> dict[str, Any]:
    """An array of four, of which one child fails."""
    return {
        "StartAt": "Children",
        "States": {
            "Children": it.task(
                "scatter", 0, *BY_CHILD, job={"arrayProperties": {"size": 4}, "parameters": {}}
            )
        },
    }


def nested(it: Shapes) -> dict[str, Any]:
    """A state starts an execution of another machine, whose job fails."""
    inner = Machines(it.stack.states, f"{it.name}-inner")
    arn = inner.create({"StartAt": "Align", "States": {"Align": it.task("inside", 3)}})
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn, "Input": {"of": "NA06989"}},
        "End": True,
    }
    return {"StartAt": "Inside", "States": {"Inside": call}}


def distributed(it: Shapes) -> dict[str, Any]:
    """A Distributed Map, whose children are executions; one of three fails."""
    each = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Call",
        "States": {"Call": it.task("child", "$.code")},
    }
    given = {
        "Type": "Pass",
        "Result": {"items": [{"code": "0"}, {"code": "11"}, {"code": "0"}]},
        "Next": "Spread",
    }
    spread = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": each, "End": True}
    return {"StartAt": "Items", "States": {"Items": given, "Spread": spread}}


SHAPES: dict[str, Callable[[Shapes], dict[str, Any]]] = {
    "caught": caught,
    "recovered": recovered,
    "mapped": mapped,
    "parallel": parallel,
    "array": array,
    "nested": nested,
    "distributed": distributed,
}
