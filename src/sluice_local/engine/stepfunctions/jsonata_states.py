"""The fields of JSONata states that MiniStack passes over.

AWS: Succeed has `Output`; a Choice's own `Output` and `Assign` hold when no rule matches; Parallel has
`Arguments`, `Output` and `Assign`; each branch has a context and variables of its own,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html and
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html.

MiniStack 1.5.33: ignores `Output` of Succeed, of a Choice's default and of Parallel, ignores Parallel's
`Arguments` and `Assign`, and lets branches overwrite each other's `$states.context.State`.

Fixed by evaluating the fields round MiniStack's own functions.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

State = dict[str, Any]


def install() -> None:
    """Let Succeed, Choice and Parallel observe their JSONata fields."""
    ministack.wrap("services.stepfunctions._apply_output_path", _succeed_with_output)
    ministack.wrap("services.stepfunctions._execute_choice", _choice_with_default)
    ministack.wrap("services.stepfunctions._run_parallel_branches", _parallel_with_fields)
    ministack.wrap("services.stepfunctions._run_sub_machine", _in_own_context)


def with_default_as_rule(state: State) -> State:
    """Return a Choice whose default, with the state's own Output and Assign, is a last rule that matches."""
    if "Default" not in state:
        return state
    own: State = {field: state[field] for field in ("Output", "Assign") if field in state}
    last = {"Condition": "{% true %}", "Next": state["Default"], **own}
    rest = {field: value for field, value in state.items() if field not in {"Default", *own}}
    return {**rest, "Choices": [*state["Choices"], last]}


def _is_jsonata(state: State, context: State | None) -> bool:
    return bool(
        ministack.private("services.stepfunctions._state_query_language")(state, context) == "JSONata"
    )


def _succeed_with_output(apply_output_path: Private) -> Private:
    @functools.wraps(apply_output_path)
    def apply(state: State, data: Any, context: State | None = None) -> Any:
        if state.get("Type") == "Succeed" and _is_jsonata(state, context):
            apply_output = ministack.private("services.stepfunctions._apply_jsonata_output")
            return apply_output(state, data, context, default=data)
        return apply_output_path(state, data, context)

    return apply


def _choice_with_default(execute_choice: Private) -> Private:
    @functools.wraps(execute_choice)
    def execute(state: State, raw_input: Any, context: State | None = None) -> Any:
        chosen = with_default_as_rule(state) if _is_jsonata(state, context) else state
        return execute_choice(chosen, raw_input, context)

    return execute


def _parallel_with_fields(run_branches: Private) -> Private:
    @functools.wraps(run_branches)
    def run(state: State, raw_input: Any, execution: State, context: State) -> Any:
        if not _is_jsonata(state, context):
            return run_branches(state, raw_input, execution, context)
        arguments = ministack.private("services.stepfunctions._apply_jsonata_arguments")(
            state, raw_input, context
        )
        result, following = run_branches(state, arguments, execution, context)
        apply_output = ministack.private("services.stepfunctions._apply_jsonata_output")
        output = apply_output(state, raw_input, context, result=result, default=result)
        ministack.private("services.stepfunctions._apply_state_assign")(
            state, raw_input, context, result=result
        )
        return output, following

    return run


def _in_own_context(run_sub_machine: Private) -> Private:
    @functools.wraps(run_sub_machine)
    def run(states: State, start_at: str, machine_input: Any, execution: State, context: State) -> Any:
        own = {**context, "variables": dict(context.get("variables", {}))}
        return run_sub_machine(states, start_at, machine_input, execution, own)

    return run
