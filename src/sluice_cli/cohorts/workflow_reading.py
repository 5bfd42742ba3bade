"""What a workflow's definition says: how it uses the Activity, and what it reads of its input; pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RETRIED: Final = frozenset({"States.HeartbeatTimeout", "States.Timeout", "States.ALL"})
"""Errors of a Retry that match a missed heartbeat, by which a lost task comes again.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

_EXECUTION_INPUT: Final = r"Execution\.Input\.([A-Za-z_]\w*)"
_STATE_INPUT: Final = (r"\$states\.input\.([A-Za-z_]\w*)", r"(?<![$\w])\$\.([A-Za-z_]\w*)")
_WHOLE_INPUT: Final = (r"\$states\.input(?![\w.])", r"Execution\.Input(?![\w.])", r'\.\$": "\$\$?"')
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

_TIMED: Final = ("HeartbeatSeconds", "HeartbeatSecondsPath", "TimeoutSeconds", "TimeoutSecondsPath")
"""Fields of which any ends a task that was lost."""


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
        yield from _heartbeat_remarks(name, state, 3 * heartbeat_seconds)
        retried = {error for retry in state.get("Retry", ()) for error in retry.get("ErrorEquals", ())}
        if not retried & RETRIED and any(field in state for field in _TIMED):
            yield (
                f"State {name} has no Retry on States.HeartbeatTimeout: a sample whose task is lost fails."
            )


def _heartbeat_remarks(name: str, state: Mapping[str, Any], least: float) -> Iterator[str]:
    seconds = state.get("HeartbeatSeconds")
    if not any(field in state for field in _TIMED):
        yield (
            f"State {name} has no HeartbeatSeconds: a task whose token is lost would hang for ever. "
            f"Give it {least:.0f} or more."
        )
    elif isinstance(seconds, int | float) and seconds < least:
        yield (
            f"State {name} has HeartbeatSeconds {seconds}, less than three times the stack's "
            f"ReconcileHeartbeatSeconds: give it {least:.0f} or more."
        )


def _states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state with its name, those within Parallel and Map too."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())]
        for each in inner:
            if each:
                yield from _states(each)


def _text(state: Mapping[str, Any]) -> str:
    inner = ("ItemProcessor", "Iterator", "Branches")
    return json.dumps({name: value for name, value in state.items() if name not in {*_PASSED_ON, *inner}})


def _found(text: str) -> set[str]:
    return {name for pattern in _STATE_INPUT for name in re.findall(pattern, text)}
