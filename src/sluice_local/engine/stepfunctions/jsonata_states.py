"""The fields of JSONata Choice states that MiniStack passes over.

AWS: a Choice's own `Output` and `Assign` hold when no rule matches,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html and
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html.

MiniStack 1.5.33: ignores `Output` of a Choice's default.

Fixed by making the default a last rule.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

State = dict[str, Any]


def install() -> None:
    """Let Choice observe its JSONata fields."""
    ministack.wrap("services.stepfunctions._execute_choice", _choice_with_default)


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


def _choice_with_default(execute_choice: Private) -> Private:
    @functools.wraps(execute_choice)
    def execute(state: State, raw_input: Any, context: State | None = None) -> Any:
        chosen = with_default_as_rule(state) if _is_jsonata(state, context) else state
        return execute_choice(chosen, raw_input, context)

    return execute
