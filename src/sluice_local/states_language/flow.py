"""Where the states of a machine lead.

The codes and words are those of Step Functions: a target that is no state, a state that nothing leads to, a
machine that never ends, a name that is given twice anywhere in the machine.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sluice_local.states_language.problems import Problem, Problems

TRANSITION = "MISSING_TRANSITION_TARGET"
STATE_NAME_MAX = 80
"""https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""

_TERMINAL = {"Succeed", "Fail"}


def flow_problems(start_at: object, states: Mapping[str, Mapping[str, Any]], place: str) -> Problems:
    """Give what is wrong with the transitions of the states of one machine or branch."""
    if start_at not in states:
        yield Problem(f"Missing 'Next' target: {start_at}", f"{place}/StartAt", TRANSITION)
    for name, body in states.items():
        for field, target in _targets(body):
            if target not in states:
                yield Problem(
                    f"Missing 'Next' target: {target}", f"{place}/States/{name}/{field}", TRANSITION
                )
    if not any(body.get("Type") in _TERMINAL or body.get("End") is True for body in states.values()):
        yield Problem("Workflow has no terminal state", "", "MISSING_END_STATE")
        return
    for name in states.keys() - _reached(start_at, states):
        yield Problem(f'State "{name}" is not reachable.', f"{place}/States/{name}", TRANSITION)


def name_problems(name: str, place: str) -> Problems:
    """Give what is wrong with the name of a state."""
    if not 0 < len(name) <= STATE_NAME_MAX:
        yield Problem(
            f"The name of a state has {len(name)} characters; 1 to {STATE_NAME_MAX} are allowed",
            place,
            "INVALID_STATE_NAME",
        )


def _targets(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every state that a state may lead to, with the field that says so."""
    for field in ("Next", "Default"):
        if isinstance(body.get(field), str):
            yield field, body[field]
    for field in ("Choices", "Catch"):
        listed = body.get(field)
        for number, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, Mapping) and isinstance(each.get("Next"), str):
                yield f"{field}[{number}]/Next", each["Next"]


def _reached(start_at: object, states: Mapping[str, Mapping[str, Any]]) -> set[object]:
    reached: set[object] = set()
    ahead = [start_at]
    while ahead:
        name = ahead.pop()
        if name not in reached and isinstance(name, str) and name in states:
            reached.add(name)
            ahead += [target for _, target in _targets(states[name])]
    return reached
