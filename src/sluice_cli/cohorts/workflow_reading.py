"""What a workflow's definition says: how it uses the Activity, and what it reads of its input; pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.adopting.heartbeats import heartbeat_remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXECUTION_INPUT: Final = r"Execution\.Input\.([A-Za-z_]\w*)"
_STATE_INPUT: Final = (r"\$states\.input\.([A-Za-z_]\w*)", r"(?<![$\w])\$\.([A-Za-z_]\w*)")
_WHOLE_INPUT: Final = (r"\$states\.input(?![\w.])", r"Execution\.Input(?![\w.])", r'\.\$": "\$\$?"')
_OF_PART: Final = re.compile(r'(?<![$\w])\$(?=[."])')
_PASSED_ON: Final = (
    "Output",
    "Comment",
    "Next",
    "Catch",
    "Retry",
    "ResultPath",
    "ResultSelector",
    "OutputPath",
    "InputPath",
)
"""Fields of a state that use nothing of its input, or only hand it on."""


@dataclass(frozen=True)
class Reads:
    """Fields of its input that a workflow reads.

    Attributes:
        needed: those that its first state or any reference to the execution's input reads.
        any_of_them: those that any state reads, of whatever its input is by then.
        whole: whether something gets the input as a whole, so that nobody knows what it reads.
    """

    needed: frozenset[str]
    any_of_them: frozenset[str]
    whole: bool


def fields_read(definition: Mapping[str, Any]) -> Reads:
    """Finds the fields of its input that a definition reads, as far as its text tells."""
    states = dict(_states(definition))
    texts = {name: _text(state) for name, state in states.items()}
    everything = "\n".join(texts.values())
    first = texts.get(str(definition.get("StartAt")), "")
    whole = any(re.search(pattern, everything) for pattern in _WHOLE_INPUT)
    no_arguments = any(
        state.get("Type") == "Task" and not state.keys() & {"Arguments", "Parameters"}
        for state in states.values()
    )
    of_execution = set(re.findall(_EXECUTION_INPUT, everything))
    return Reads(
        needed=frozenset(of_execution | _found(first)),
        any_of_them=frozenset(of_execution | _found(everything)),
        whole=whole or no_arguments,
    )


def activity_remarks(
    definition: Mapping[str, Any], activity_arn: str, heartbeat_seconds: float
) -> Iterator[str]:
    """Says what about a workflow's use of the Activity may fail, a sentence each.

    Args:
        definition: the workflow's.
        activity_arn: the stack's Activity.
        heartbeat_seconds: how often the stack sends a task's heartbeat.
    """
    ours = [(name, state) for name, state in _states(definition) if state.get("Resource") == activity_arn]
    if not ours:
        yield f"No state uses the stack's Activity {activity_arn}: Sluice submits none of its jobs."
    for name, state in ours:
        yield from (f"State {name}: {remark.text}" for remark in heartbeat_remarks(state, heartbeat_seconds))


def _states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state with its name, those within Parallel and Map too."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())]
        for each in inner:
            if each:
                yield from _states(each)


def _text(state: Mapping[str, Any]) -> str:
    """What of a state may read its input, as JSON."""
    inner = ("ItemProcessor", "Iterator", "Branches")
    fields = {name: value for name, value in state.items() if name not in {*_PASSED_ON, *inner, "Assign"}}
    assigned, path = json.dumps(state.get("Assign", {})), state.get("InputPath", "$")
    # a path in a task's Assign is one of its result
    if state.get("Type") != "Task" or "$states" in assigned:
        fields["Assign"] = state.get("Assign", {})
    text = json.dumps(fields)
    # where InputPath chooses a part, $ means that part
    return text if path == "$" else _OF_PART.sub("", text) + json.dumps(path)


def _found(text: str) -> set[str]:
    return {name for pattern in _STATE_INPUT for name in re.findall(pattern, text)}
