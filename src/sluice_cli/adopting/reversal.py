"""Brings states on Sluice's Activity back to `batch:submitJob.sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yaml.nodes import MappingNode, SequenceNode

from sluice.batch_words import camel
from sluice_cli.adopting.conversion import Conversion
from sluice_cli.adopting.editing import edit_list, remove_members, replace_text
from sluice_cli.adopting.heartbeats import HEARTBEAT_FIELDS, LOST
from sluice_cli.adopting.machines import names_in, states_of
from sluice_cli.adopting.source import entries, members, owner_of, read_source, stands_at
from sluice_cli.adopting.templates import checked_edits, definitions_of, put_back
from sluice_cli.adopting.values import value_of

if TYPE_CHECKING:
    from sluice_cli.adopting.machines import State
    from sluice_cli.adopting.source import Source
    from sluice_cli.adopting.templates import Definition

OF_SLUICE: Final = ("Job.", "Task.")
"""How the errors begin that Sluice gives to jobs and tasks; `batch:submitJob.sync` has none of them."""

_OF_EXECUTION: Final = {"executionArn", "stateName"}


def convert_back(name: str, text: str, activity: str) -> Conversion:
    """Takes the states on this Activity out of Sluice: the reverse of `convert`.

    Raises:
        WrongUsageError: the text is neither a definition nor a template, or its form cannot be edited.
    """
    source = read_source(name, text)
    done = Conversion(text)
    for definition in definitions_of(source):
        if definition.note:
            done.notes.append(f"{definition.name}: {definition.note}.")
            continue
        _convert_machine(definition, activity, done)
        put_back(source, definition)
    done.after = checked_edits(source)
    if done.states:
        done.notes.append("Retriers of Batch's errors, which `sluice convert` removes, are not restored.")
    return done


def _convert_machine(definition: Definition, activity: str, done: Conversion) -> None:
    for state in states_of(definition.machine):
        place = f"{definition.name}, {state.name}" if definition.name else state.name
        if state.resource != activity or not stands_at(definition.source, state.node, "Resource"):
            continue
        given = state.job_input
        if isinstance(given, dict) and "jobs" in {key.removesuffix(".$") for key in given}:
            done.notes.append(f"{place} is left as it is: its jobs are in the long form.")
            continue
        _convert_state(definition.source, state, activity)
        done.states.append(place)
        done.notes += [f"{place}: {each}" for each in _remarks(state)]


def _convert_state(source: Source, state: State, activity: str) -> None:
    resource = state.fields["Resource"]
    partition = activity.split(":")[1] if activity.startswith("arn:") else "aws"
    if value_of(resource) == {"Fn::Sub": activity} and not activity.startswith("arn:"):
        partition = "${AWS::Partition}"  # what else would be substituted
    sync = f"arn:{partition}:states:::batch:submitJob.sync"
    replace_text(source, resource, sync, in_flow=bool(state.node.flow_style))
    gone = set(HEARTBEAT_FIELDS)
    if _edit_retry(source, state):
        gone.add("Retry")
    for each in {state.node, owner_of(state.node, "Resource")}:
        remove_members(source, each, gone)
    given = state.fields.get(state.input_field)
    if isinstance(given, MappingNode):
        remove_members(
            source, given, {key for key in members(given) if camel(key.removesuffix(".$")) in _OF_EXECUTION}
        )


def _edit_retry(source: Source, state: State) -> bool:
    """Takes out the retriers of a missed heartbeat; true if nothing else is in the list."""
    retry = state.fields.get("Retry")
    if not isinstance(retry, SequenceNode):
        return False
    keep = [names_in(each) != [LOST] for each in retry.value]
    if any(keep) and not all(keep):
        edit_list(source, retry, keep=keep)
    return not any(keep)


def _remarks(state: State) -> list[str]:
    said = []
    for field in ("Retry", "Catch"):
        names = [name for each in entries(state.fields.get(field)) for name in names_in(each)]
        lost = [name for name in names if name.startswith(OF_SLUICE)]
        if lost:
            said.append(f"its {field} of {', '.join(lost)} matches nothing any more.")
    given: Any = state.job_input
    lower = [key for key in given or () if isinstance(given, dict) and key[:1].islower()]
    if [key for key in lower if key.removesuffix(".$") not in _OF_EXECUTION]:
        said.append("write the fields of its job in PascalCase, which batch:submitJob.sync needs.")
    return said
