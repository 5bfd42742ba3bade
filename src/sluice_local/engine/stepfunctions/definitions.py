"""Refuses state machines that AWS would refuse.

AWS: CreateStateMachine and UpdateStateMachine check the definition and answer InvalidDefinition,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html; the rules are
those of https://states-language.net/spec.html.

MiniStack 1.5.33: checks the syntax of JSONata expressions only; the rest fails (or not) when the state
runs.

Fixed by a check of the structure: JSON, StartAt, state types, resources, where each transition leads, and
what `batch:submitJob` is given.
"""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

from sluice_local.batch.rules.by_model import service_model
from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.batch_arguments import template_problems

_TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
_WITHOUT_NEXT = {"Choice", "Succeed", "Fail"}
_SUBMIT_JOB = re.compile(r"arn:aws[\w-]*:states:::batch:submitJob(\.sync)?")

States = dict[str, Any]


def definition_problems(definition: str) -> list[str]:
    """Return what makes `definition` (ASL as JSON text) invalid, each with the place where it stands."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if not isinstance(machine, dict):
        return ["INVALID_JSON_DESCRIPTION: the definition is not an object"]
    return [f"SCHEMA_VALIDATION_FAILED: {problem}" for problem in _machine_problems(machine, "")]


def _machine_problems(machine: dict[str, Any], place: str) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"There must be at least one state at {place}/States"
        return
    if machine.get("StartAt") not in states:
        yield f"StartAt names {machine.get('StartAt')!r}, which is no state of {place}/States"
    for name, state in states.items():
        yield from _state_problems(state, f"{place}/States/{name}", states)


def _state_problems(state: dict[str, Any], place: str, states: States) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in _TYPES:
        yield f"Type is {kind!r}, not one of {sorted(_TYPES)}, at {place}"
        return
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield f"A Task needs a Resource at {place}"
    if kind not in _WITHOUT_NEXT and ("Next" in state) == bool(state.get("End")):
        yield f"Exactly one of Next and End is needed at {place}"
    yield from _argument_problems(state, place)
    for target in _targets(state):
        if target not in states:
            yield f"Next leads to {target!r}, which is no state, at {place}"
    for number, machine in enumerate(_inner_machines(state)):
        yield from _machine_problems(machine, f"{place}/{number}")


def _argument_problems(state: dict[str, Any], place: str) -> Iterator[str]:
    """What AWS says of the arguments of `batch:submitJob` and its `.sync` form when the machine is made."""
    if _SUBMIT_JOB.fullmatch(str(state.get("Resource"))) is None:
        return
    field = "Arguments" if "Arguments" in state else "Parameters"
    shape = service_model().operation_model("SubmitJob").input_shape
    for problem in template_problems(state.get(field, {}), shape):
        yield f"{problem} at {place}/{field}"


def _targets(state: dict[str, Any]) -> Iterator[str]:
    """Every state that `state` may lead to."""
    if "Next" in state:
        yield state["Next"]
    if "Default" in state:
        yield state["Default"]
    for branch in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield branch.get("Next")


def _inner_machines(state: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())]
    return [machine for machine in inner if machine is not None]


def install() -> None:
    """Check each definition that is given to CreateStateMachine and UpdateStateMachine."""
    ministack.wrap("services.stepfunctions._create_state_machine", _checked)
    ministack.wrap("services.stepfunctions._update_state_machine", _checked)


def _checked(handler: Private) -> Private:
    @functools.wraps(handler)
    def handle(request: dict[str, Any]) -> Private:
        problems = definition_problems(request["definition"]) if "definition" in request else []
        if problems:
            message = f"Invalid State Machine Definition: '{'; '.join(problems)}'"
            return ministack.private("core.responses.error_response_json")("InvalidDefinition", message, 400)
        return handler(request)

    return handle
