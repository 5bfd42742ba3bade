"""Whether a definition is one that Step Functions takes."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_local.states_language.amounts import MOST_SECONDS, amount_problems, number_problems
from sluice_local.states_language.choices import choice_problems
from sluice_local.states_language.errors import error_problems
from sluice_local.states_language.fields import (
    BRANCH,
    FIELDS,
    MACHINE,
    field_problems,
    of_wrong_kind,
    unknown,
)
from sluice_local.states_language.flow import flow_problems, name_problems
from sluice_local.states_language.maps import branches_of, map_problems
from sluice_local.states_language.problems import JSONATA, JSONPATH, Problem, Problems, State
from sluice_local.states_language.resources import resource_problems
from sluice_local.states_language.templates import template_problems

_WITHOUT_NEXT = {"Choice", "Succeed", "Fail"}
_LANGUAGES = (JSONPATH, JSONATA)


def check_definition(definition: str) -> tuple[list[Problem], list[State]]:
    """Return what is wrong with a definition, and its states for checks of what they call.

    Args:
        definition: Amazon States Language, as JSON text.
    """
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [Problem(str(error), "", "INVALID_JSON_DESCRIPTION")], []
    if not isinstance(machine, Mapping):
        return [Problem("the definition is not an object", "", "INVALID_JSON_DESCRIPTION")], []
    states = list(_states(machine, "", JSONPATH))
    names = Counter(state.name for state in states)
    problems = [*_machine(machine), *_branch(machine, "", MACHINE)]
    problems += [problem for state in states for problem in _state(state)]
    problems += _reverted(machine, states)
    problems += [
        Problem(f"Duplicate State name: {name}", "/States", "DUPLICATE_STATE_NAME")
        for name, times in names.items()
        if times > 1
    ]
    return problems, states


def _machine(machine: Mapping[str, Any]) -> Problems:
    """What only the whole machine has."""
    if machine.get("Version", "1.0") != "1.0":
        yield Problem("Value is not one of ['1.0']", "/Version")
    if "TimeoutSeconds" in machine:
        yield from number_problems(machine, "TimeoutSeconds", (1, MOST_SECONDS), "")


def _reverted(machine: Mapping[str, Any], states: list[State]) -> Problems:
    """States may go over to JSONata one by one, and not back from a machine that has."""
    if machine.get("QueryLanguage") == JSONATA:
        for state in states:
            if state.language == JSONPATH:
                yield Problem(
                    f"'{JSONPATH}' is not supported in a machine whose QueryLanguage is '{JSONATA}'",
                    f"{state.place}/QueryLanguage",
                )


def _branch(machine: Any, place: str, known: frozenset[str]) -> Problems:
    """What is wrong with a machine or a branch, less its states."""
    if not isinstance(machine, Mapping):
        yield Problem("Expected value of type Object", place)
        return
    yield from unknown(machine, known, place)
    yield from of_wrong_kind(machine, place)
    if machine.get("QueryLanguage", JSONPATH) not in _LANGUAGES:
        yield Problem(f"Value is not one of {list(_LANGUAGES)}", f"{place}/QueryLanguage")
    states = machine.get("States")
    if not isinstance(states, Mapping) or not states:
        yield Problem("There must be at least one state", f"{place}/States")
        return
    whole = {name: body for name, body in states.items() if isinstance(body, Mapping)}
    for name in states.keys() - whole.keys():
        yield Problem("Expected value of type Object", f"{place}/States/{name}")
    for name in states:
        yield from name_problems(name, f"{place}/States/{name}")
    yield from flow_problems(machine.get("StartAt"), whole, place)


def _states(machine: Any, place: str, language: str) -> Iterator[State]:
    """All states, those of branches too, each with its query language."""
    states = machine.get("States") if isinstance(machine, Mapping) else None
    if not isinstance(states, Mapping):
        return
    language = machine.get("QueryLanguage", language)
    for name, body in states.items():
        if isinstance(body, Mapping):
            state = State(body, f"{place}/States/{name}", body.get("QueryLanguage", language), name)
            yield state
            for inner, branch in branches_of(state):
                yield from _states(branch, inner, state.language)


def _state(state: State) -> Problems:
    if state.kind not in FIELDS:
        yield Problem(f"Type is {state.kind!r}, not one of {sorted(FIELDS)}", state.place)
        return
    if state.language not in _LANGUAGES:
        yield Problem(f"Value is not one of {list(_LANGUAGES)}", f"{state.place}/QueryLanguage")
        return
    if state.kind not in _WITHOUT_NEXT and ("Next" in state.body) == (state.body.get("End") is True):
        yield Problem("Exactly one of Next and End is needed", state.place)
    yield from field_problems(state)
    yield from amount_problems(state)
    yield from error_problems(state)
    yield from template_problems(state)
    if state.kind == "Task":
        yield from resource_problems(state)
    elif state.kind == "Choice":
        yield from choice_problems(state)
    elif state.kind in {"Map", "Parallel"}:
        yield from map_problems(state)
    for place, branch in branches_of(state):
        yield from _branch(branch, place, BRANCH)
