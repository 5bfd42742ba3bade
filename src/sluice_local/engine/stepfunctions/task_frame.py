"""Which Task state a thread is running.

MiniStack 1.5.33 calls what performs a Task state (`_invoke_activity`, `_invoke_resource_with_timeout`) with
the resource and the input only. Its timeouts and the execution are known one call above, in
`_execute_task`: that function is wrapped to leave them in a context variable.
"""

import functools
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.running.branch import Branch, here


@dataclass(eq=False)
class TaskFrame:
    """A Task state as it runs: its definition, its raw input, its branch and its context object.

    `arguments` is what the present try was given, `is_open` whether it has neither succeeded nor failed yet.
    """

    state: dict[str, Any]
    raw_input: Any
    branch: Branch
    context: dict[str, Any]
    arguments: Any = None
    is_open: bool = False

    @property
    def execution(self) -> dict[str, Any]:
        """MiniStack's record of the execution."""
        return self.branch.execution

    def seconds(self, field: str) -> float | None:
        """Return `TimeoutSeconds` or `HeartbeatSeconds`, given as a number, by path or as JSONata; else None.

        https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html#task-state-fields
        """
        if f"{field}Path" in self.state:
            resolve = ministack.private("services.stepfunctions._resolve_path_or_ctx")
            return float(resolve(self.state[f"{field}Path"], self.raw_input, self.context))
        if field not in self.state:
            return None
        evaluate = ministack.private("services.stepfunctions._jsonata_state_field")
        return float(evaluate(self.state, field, "number", self.raw_input, self.context))

    def require_running(self) -> None:
        """Raise `ExecutionEndedError` if the execution, or the branch, was stopped or timed out meanwhile."""
        self.branch.require_running()


_frame: ContextVar[TaskFrame] = ContextVar("task_frame")


def current_frame() -> TaskFrame:
    """Return the Task state that the calling thread is running."""
    return _frame.get()


def install() -> None:
    """Keep the frame of each Task state, and let none begin once its execution has ended."""
    ministack.wrap("services.stepfunctions._execute_task", _framed)
    ministack.wrap("services.stepfunctions._invoke_resource", _while_running)
    ministack.wrap("services.stepfunctions._invoke_resource_with_timeout", _with_evaluated_timeout)
    ministack.wrap("services.stepfunctions._invoke_with_callback", _ending_with_its_branch)
    ministack.wrap("services.stepfunctions._apply_parameters", _noting_arguments)
    ministack.wrap("services.stepfunctions._apply_jsonata_arguments", _noting_arguments)


def _framed(execute_task: Private) -> Private:
    @functools.wraps(execute_task)
    def execute(
        state: dict[str, Any], raw_input: object, execution: dict[str, Any], context: dict[str, Any]
    ) -> Any:
        outer = _frame.set(TaskFrame(state, raw_input, here(), context))
        try:
            return execute_task(state, raw_input, execution, context)
        finally:
            _frame.reset(outer)

    return execute


def _while_running(invoke_resource: Private) -> Private:
    """A retry of a stopped execution's task must not reach the service any more."""

    @functools.wraps(invoke_resource)
    def invoke(resource: str, task_input: Any) -> Any:
        if frame := _frame.get(None):
            frame.require_running()
        return invoke_resource(resource, task_input)

    return invoke


def _with_evaluated_timeout(invoke_with_timeout: Private) -> Private:
    """`TimeoutSeconds` may be JSONata; MiniStack passes the expression's text on as if it were a number."""

    @functools.wraps(invoke_with_timeout)
    def invoke(resource: str, task_input: Any, _unevaluated: object) -> Any:
        return invoke_with_timeout(resource, task_input, current_frame().seconds("TimeoutSeconds"))

    return invoke


def _ending_with_its_branch(invoke_with_callback: Private) -> Private:
    """A task that waits for its token is given up when its branch is stopped."""

    @functools.wraps(invoke_with_callback)
    def invoke(resource: str, task_input: Any, token: str, state: dict[str, Any]) -> Any:
        tokens = ministack.private("services.stepfunctions._task_tokens")

        def give_up() -> None:
            if token in tokens:
                tokens[token]["event"].set()

        branch = here()
        with branch.when_stopped(give_up):
            result = invoke_with_callback(resource, task_input, token, state)
        branch.require_running()
        return result

    return invoke


def _noting_arguments(apply: Private) -> Private:
    """What a task's service is given is told in the history."""

    @functools.wraps(apply)
    def note(state: dict[str, Any], data: Any, context: dict[str, Any] | None = None) -> Any:
        arguments = apply(state, data, context)
        frame = _frame.get(None)
        if frame is not None and frame.state is state:
            frame.arguments = arguments
        return arguments

    return note
