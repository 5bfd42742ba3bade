"""Brings the states on `batch:submitJob.sync` of a definition to Sluice's Activity."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from yaml.nodes import MappingNode, SequenceNode

from sluice_cli.adopting.editing import edit_list, insert_members, remove_members, replace_text
from sluice_cli.adopting.heartbeats import HEARTBEAT_FIELDS, LOST, SENT_EVERY_SECONDS, least_heartbeat
from sluice_cli.adopting.machines import NESTED, PAST_THE_RATE, State, names_in, states_of
from sluice_cli.adopting.notes import choice_notes, error_notes, lines_left, permission_notes
from sluice_cli.adopting.source import body_start, end_of, entries, members, owner_of, read_source, stands_at
from sluice_cli.adopting.templates import checked_edits, definitions_of, put_back
from sluice_cli.adopting.values import is_made_at_deployment, number_of, text_of, value_of

if TYPE_CHECKING:
    from sluice_cli.adopting.source import Source
    from sluice_cli.adopting.templates import Definition

RETRIER: Final[dict[str, Any]] = {"ErrorEquals": [LOST], "MaxAttempts": 3}
BATCH_ERRORS: Final = "Batch."
"""How the errors begin that Step Functions gives to calls of Batch; none of them comes from an Activity."""

EXECUTION: Final = {
    False: [("ExecutionArn.$", "$$.Execution.Id"), ("StateName.$", "$$.State.Name")],
    True: [
        ("ExecutionArn", "{% $states.context.Execution.Id %}"),
        ("StateName", "{% $states.context.State.Name %}"),
    ],
}
"""What a job says of its execution, by whether the state is in JSONata."""

NO_LINE_BREAK: Final = "\\ No newline at end of file\n"
"""What a diff has after a last line without a line break, with these very words."""


@dataclass
class Conversion:
    """What became of a file.

    Attributes:
        before, after: its text.
        states: the states that were converted.
        notes: what a person has to know or to do, each with its place.
        queues: job queues that the stack must watch, as the definitions name them.
    """

    before: str
    after: str = ""
    states: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)

    def diff(self, name: str) -> list[str]:
        """The changes as a unified diff of a file of this name, a line each, as `git apply` takes it."""
        # not splitlines, for which more ends a line than for git
        before, after = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (self.before, self.after))
        lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
        return [line if line.endswith("\n") else f"{line}\n{NO_LINE_BREAK}" for line in lines]

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines were taken out, and how many came in."""
        body = self.diff("")[2:]
        return sum(line.startswith("-") for line in body), sum(line.startswith("+") for line in body)


@dataclass(frozen=True)
class Wishes:
    """What the states are given.

    Attributes:
        activity: their Resource.
        execution_arn: whether each says of which execution it is.
        sent_every_seconds: how often the stack sends a task's heartbeat (ReconcileHeartbeatSeconds).
    """

    activity: str
    execution_arn: bool = True
    sent_every_seconds: float = SENT_EVERY_SECONDS


def convert(name: str, text: str, wishes: Wishes) -> Conversion:
    """Converts a definition, or those of a template.

    Raises:
        WrongUsageError: the text is neither, or its form is one that cannot be edited.
    """
    source = read_source(name, text)
    done = Conversion(text)
    definitions = definitions_of(source)
    for definition in definitions:
        if definition.note:
            done.notes.append(f"{definition.name}: {definition.note}.")
            continue
        _convert_machine(definition, wishes, done)
        put_back(source, definition)
    done.after = checked_edits(source)
    for line in lines_left(read_source(name, done.after)):
        done.notes.append(f"line {line} of the result still has batch:submitJob.sync: change it by hand.")
    if done.states:
        done.notes += permission_notes(source, is_template=any(each.name for each in definitions))
    return done


def _convert_machine(definition: Definition, wishes: Wishes, done: Conversion) -> None:
    for state in states_of(definition.machine):
        place = f"{definition.name}, {state.name}" if definition.name else state.name
        if state.is_sync and "Credentials" in state.fields:
            done.notes.append(
                f"{place} is left as it is: with Credentials its job may run in another account, but "
                "Sluice submits only jobs of its own account."
            )
        elif state.is_sync and stands_at(definition.source, state.node, "Resource"):
            _convert_state(definition, state, wishes, _Notes(place, done))
            done.states.append(place)
        elif PAST_THE_RATE.fullmatch(state.resource):
            done.notes.append(f"{place} is left as it is: it submits a job outside the shared rate.")
        elif NESTED.fullmatch(state.resource):
            done.notes.append(f"{place} starts another state machine: convert that one too, if it runs jobs.")
        for node, text in (*choice_notes(state), *error_notes(state)):
            done.notes.append(f"{place}, line {definition.line(node)}, {text}")


@dataclass(frozen=True)
class _Notes:
    place: str
    done: Conversion

    def __call__(self, text: str) -> None:
        self.done.notes.append(f"{self.place}: {text}")


def _convert_state(definition: Definition, state: State, wishes: Wishes, note: _Notes) -> None:
    source = definition.source
    _edit_resource(definition, state, wishes.activity, note)
    heartbeat = _edit_timing(source, state, wishes.sent_every_seconds, note)
    retrier = None if heartbeat is None else RETRIER
    new: list[tuple[str, Any]] = [("HeartbeatSeconds", heartbeat)] if heartbeat else []
    if retrier and "Retry" not in state.fields:
        new.append(("Retry", [retrier]))
    if new:
        owner = owner_of(state.node, "Resource")
        insert_members(source, state.node, "Resource" if owner is state.node else None, new)
    _edit_retry(source, state, retrier, note)
    _edit_input(source, state, wishes, note)
    for catcher in entries(state.fields.get("Catch")):
        for name in names_in(catcher):
            if name.startswith(BATCH_ERRORS):
                note(f"its Catch of {name} matches nothing any more; refused jobs fail with Task.Rejected.")


def _edit_resource(definition: Definition, state: State, activity: str, note: _Notes) -> None:
    resource = state.fields["Resource"]
    is_filled = definition.fills(activity)
    if definition.holder is not None and not is_filled:
        note(f"nothing fills in {activity} in this string: add it to DefinitionSubstitutions.")
        is_filled = True  # by a person
    partitions = [each.split(":")[1] for each in (state.resource, activity) if each.startswith("arn:")]
    if len(set(partitions)) > 1 and "$" not in "".join(partitions):
        note(f"its Resource was one of {partitions[0]}, and this Activity is one of {partitions[1]}.")
    in_flow = bool(state.node.flow_style)
    replace_text(definition.source, resource, activity, in_flow=in_flow, is_filled=is_filled)


def _edit_timing(source: Source, state: State, sent_every_seconds: float, note: _Notes) -> int | None:
    """Raises a HeartbeatSeconds that is too short.

    Returns:
        The one to insert; 0 if the state has one, None if it can have none.
    """
    fields, least = state.fields, least_heartbeat(sent_every_seconds)
    given = number_of(fields.get("HeartbeatSeconds"))
    has_one = bool(fields.keys() & set(HEARTBEAT_FIELDS))
    if not _has_room(state, max(given or 0, least), note):
        remove_members(source, state.node, HEARTBEAT_FIELDS)
        return None
    if has_one and given is None:
        note(f"its heartbeat is known only at run time; it must be {least} s or more.")
    elif given is not None and given < least:
        node = fields["HeartbeatSeconds"]
        source.replace(body_start(source, node), end_of(node), str(least))
        note(f"its HeartbeatSeconds was {given}; Sluice sends a heartbeat every {sent_every_seconds:g} s.")
    return 0 if has_one else least


def _has_room(state: State, heartbeat: int, note: _Notes) -> bool:
    """Whether HeartbeatSeconds can be less than TimeoutSeconds, as it must; tells where it cannot."""
    fields = state.fields
    timeout = number_of(fields.get("TimeoutSeconds"))
    if timeout is None and fields.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}:
        note(f"its timeout is known only at run time; it must be more than {heartbeat} s.")
    if timeout is None or timeout > heartbeat:
        return True
    gone = " Its own is removed." if fields.keys() & set(HEARTBEAT_FIELDS) else ""
    note(
        f"its TimeoutSeconds, {timeout}, leaves no room for a HeartbeatSeconds of at least {heartbeat}."
        f"{gone} It counts from when the state begins, so it covers the wait for a slot of the rate as well."
    )
    return False


def _edit_retry(source: Source, state: State, retrier: Any, note: _Notes) -> None:
    """Puts the retrier first, and takes out the names, or the retriers, that match nothing any more."""
    retry = state.fields.get("Retry")
    if not isinstance(retry, SequenceNode) or is_made_at_deployment(value_of(retry)):
        if retry is not None:
            note(f"its Retry is not written out: put a retrier of {LOST} first in it.")
        return
    keep = []
    for each in retry.value:
        names = names_in(each)
        keep.append(not names or not all(name.startswith(BATCH_ERRORS) for name in names))
        if keep[-1] and any(name.startswith(BATCH_ERRORS) for name in names):
            listed = members(each)["ErrorEquals"]
            if isinstance(listed, SequenceNode):
                edit_list(source, listed, keep=[not name.startswith(BATCH_ERRORS) for name in names])
    if any(LOST in names_in(each) for each in retry.value):
        retrier = None
    if retrier or not all(keep):
        edit_list(source, retry, first=retrier, keep=keep)


def _edit_input(source: Source, state: State, wishes: Wishes, note: _Notes) -> None:
    given = state.fields.get(state.input_field)
    queue = _queue_of(state)
    if queue and queue not in note.done.queues:
        note.done.queues.append(queue)
    if not wishes.execution_arn:
        return
    if not isinstance(given, MappingNode) or not given.value or is_made_at_deployment(value_of(given)):
        when = "are made later" if given is not None and value_of(given) else "are empty"
        note(f"its {state.input_field} {when}: add ExecutionArn to them, for `sluice explain`.")
    elif not {name.lower() for name in members(given)} & {"executionarn", "executionarn.$"}:
        insert_members(source, given, None, EXECUTION[state.is_jsonata])


def _queue_of(state: State) -> str:
    given = members(state.fields.get(state.input_field))
    for name in ("JobQueue", "JobQueue.$"):
        if name in given:
            return text_of(given[name]) or json.dumps(value_of(given[name]))
    return ""
