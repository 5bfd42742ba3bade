"""What of a definition would break on Sluice's Activity, as far as it can be said before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.arns import matches
from sluice.batch_words import camel
from sluice.refusals import workflow_refusal
from sluice.tasks.contract import MAX_JOBS
from sluice.tasks.parsing import is_sync_form
from sluice_cli.adopting.conversion import BATCH_ERRORS
from sluice_cli.adopting.heartbeats import heartbeat_remarks
from sluice_cli.adopting.job_checks import job_complaints, varying_complaints
from sluice_cli.adopting.machines import PAST_THE_RATE, names_in, states_of
from sluice_cli.adopting.notes import error_notes
from sluice_cli.adopting.source import entries, read_source
from sluice_cli.adopting.templates import definitions_of
from sluice_cli.adopting.values import is_made_at_deployment, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sluice_cli.adopting.job_checks import Known
    from sluice_cli.adopting.machines import State
    from sluice_cli.adopting.templates import Definition

MAX_STATE_NAME: Final = 80
"""https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""

ONE_OF_SLUICE: Final = ("executionArn", "stateName")


@dataclass(frozen=True)
class Problem:
    """Something that would break, or may, and the way out.

    Attributes:
        place: the state, with the resource that has it.
        line: its line in the file; 0 of what has none.
        text: what is wrong and what to do.
        is_error: it would break; else it is only worth knowing.
    """

    place: str
    line: int
    text: str
    is_error: bool = True


@dataclass(frozen=True)
class Checked:
    """What a check has found.

    Attributes:
        problems: in the order of the file.
        states: how many states on an Activity were looked at.
    """

    problems: tuple[Problem, ...]
    states: int


def check(name: str, text: str, known: Known) -> Checked:
    """Checks the definitions of a file. One that cannot be read is an error: nobody knows what it breaks.

    Args:
        name: the file's.
        text: what is in it.
        known: of the stack for which they are checked.

    Raises:
        WrongUsageError: the file has no definition.
    """
    found: list[Problem] = []
    states = 0
    for definition in definitions_of(read_source(name, text)):
        if definition.note:
            said = f"{definition.note}." if definition.is_read else f"not checked: {definition.note}."
            found.append(Problem(definition.name, 0, said, is_error=not definition.is_read))
            continue
        checked = sum(state.is_on_activity for state in states_of(definition.machine))
        found += _of_states(definition, known, is_on_sluice=checked > 0)
        if checked:
            found += _of_name(definition, known.workflows)
        states += checked
    return Checked(tuple(found), states)


def _of_states(definition: Definition, known: Known, *, is_on_sluice: bool) -> Iterator[Problem]:
    for state in states_of(definition.machine, is_express=definition.is_express):
        place = f"{definition.name}, {state.name}" if definition.name else state.name
        for is_error, said in _problems(state, known):
            yield Problem(place, definition.line(state.node), said, is_error)
        for node, said in error_notes(state) if is_on_sluice else ():
            yield Problem(place, definition.line(node), f"it {said}", is_error=False)


def _of_name(definition: Definition, allowed: Sequence[str]) -> Iterator[Problem]:
    """Whether cohorts may start it, which only matters to who launches some."""
    if not allowed or not definition.machine_name:
        return
    arn = f"{allowed[0].rpartition(':')[0]}:{definition.machine_name}"
    if not matches(arn, allowed):
        said = f"`sluice launch` cannot run it yet: {workflow_refusal(arn, allowed)}."
        yield Problem(definition.name, 0, said, is_error=False)


Said = tuple[bool, str]


def _problems(state: State, known: Known) -> Iterator[Said]:
    if state.is_sync:
        yield False, "it still runs its job by batch:submitJob.sync: `sluice convert` moves it to Sluice."
    elif PAST_THE_RATE.fullmatch(state.resource):
        yield False, "it submits a job that bypasses the shared rate."
    elif state.is_on_activity:
        if len(state.name) > MAX_STATE_NAME:
            yield _wrong(f"its name has {len(state.name)} characters; {MAX_STATE_NAME} are allowed.")
        if state.is_express:
            yield _wrong("it is in an Express workflow, which cannot use Activities: make it STANDARD.")
        yield from heartbeat_remarks(value_of(state.node), known.sent_every_seconds)
        yield from _retries(state)
        yield from _input(state, known)


def _wrong(text: str) -> Said:
    return True, text


def _retries(state: State) -> Iterator[Said]:
    for retrier in entries(state.fields.get("Retry")):
        for name in names_in(retrier):
            if name.startswith(BATCH_ERRORS):
                yield False, f"its Retry of {name} matches nothing: an Activity has other errors."


def _input(state: State, known: Known) -> Iterator[Said]:
    given = state.job_input
    if not isinstance(given, dict) or is_made_at_deployment(given):
        return  # known later
    body = {name.removesuffix(".$"): value for name, value in given.items()}
    dynamic = {name.removesuffix(".$") for name in given if name.endswith(".$")}
    if is_sync_form(body):
        job = {
            name: value
            for name, value in given.items()
            if camel(name.removesuffix(".$")) not in ONE_OF_SLUICE
        }
        vary = next((job.pop(name) for name in ("vary", "Vary") if name in job), None)
        yield from map(_wrong, job_complaints("", job, known))
        yield from map(_wrong, varying_complaints(vary, [job], ""))
        return
    if "jobs" not in body:
        yield _wrong(f"its {state.input_field} have neither jobs nor the fields of a single job.")
        return
    for name in ONE_OF_SLUICE:
        if name not in body:
            yield _wrong(f"{name} is missing in its {state.input_field}.")
    if "jobs" in dynamic or not isinstance(body.get("jobs"), list):
        return
    if len(body["jobs"]) > MAX_JOBS:
        yield _wrong(f"it has {len(body['jobs'])} jobs; {MAX_JOBS} are allowed in a task.")
    for at, job in enumerate(body["jobs"]):
        if isinstance(job, dict):
            yield from map(_wrong, job_complaints(f"jobs[{at}].", job, known))
    yield from map(_wrong, varying_complaints(body.get("vary"), body["jobs"], "jobs[0]."))
