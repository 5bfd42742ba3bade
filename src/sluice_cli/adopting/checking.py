"""What of a definition would break on Sluice's Activity, as far as it can be said before it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from botocore.model import ListShape, StructureShape
from botocore.session import Session

from sluice.batch_words import camel, pascal
from sluice.tasks.contract import MAX_JOBS, MAX_SYNC_NAME, NOT_IN_ARRAYS, REVISION
from sluice.tasks.parsing import is_sync_form
from sluice.tasks.submission import MAX_NAME, OWN_PARAMETERS
from sluice_cli.adopting.conversion import BATCH_ERRORS
from sluice_cli.adopting.heartbeats import heartbeat_remarks
from sluice_cli.adopting.machines import ACTIVITY, PAST_THE_RATE, names_in, states_of
from sluice_cli.adopting.source import entries, read_source, value_of
from sluice_cli.adopting.templates import definitions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.model import Shape

    from sluice_cli.adopting.machines import State

MAX_STATE_NAME: Final = 80
"""https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""

ONE_OF_SLUICE: Final = ("executionArn", "stateName")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SYNC_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Of the short form, which writes hyphens for dots."""
_NEEDED: Final = ("jobName", "jobQueue", "jobDefinition")


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


def check(name: str, text: str, queues: Sequence[str], sent_every_seconds: float) -> Checked:
    """Checks the definitions of a file. One that cannot be read is an error: nobody knows what it breaks.

    Args:
        name: the file's.
        text: what is in it.
        queues: ARNs of the queues that the stack watches; none if nobody can say.
        sent_every_seconds: how often the stack sends a task's heartbeat (ReconcileHeartbeatSeconds).

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
        for state in states_of(definition.machine):
            place = f"{definition.name}, {state.name}" if definition.name else state.name
            states += _is_on_activity(state)
            said_of_it = _problems(state, queues, sent_every_seconds)
            line = definition.line(state.node)
            found += [Problem(place, line, said, is_error) for is_error, said in said_of_it]
    return Checked(tuple(found), states)


def _is_on_activity(state: State) -> bool:
    return ACTIVITY.fullmatch(state.resource) is not None


Said = tuple[bool, str]


def _problems(state: State, queues: Sequence[str], sent_every_seconds: float) -> Iterator[Said]:
    if state.is_sync:
        yield False, "it still runs its job by batch:submitJob.sync: `sluice convert` moves it to Sluice."
    elif PAST_THE_RATE.fullmatch(state.resource):
        yield False, "it submits a job that bypasses the shared rate."
    elif _is_on_activity(state):
        if len(state.name) > MAX_STATE_NAME:
            yield _wrong(f"its name has {len(state.name)} characters; {MAX_STATE_NAME} are allowed.")
        yield from heartbeat_remarks(value_of(state.node), sent_every_seconds)
        yield from _retries(state)
        yield from _input(state, queues)


def _wrong(text: str) -> Said:
    return True, text


def _retries(state: State) -> Iterator[Said]:
    for retrier in entries(state.fields.get("Retry")):
        for name in names_in(retrier):
            if name.startswith(BATCH_ERRORS):
                yield False, f"its Retry of {name} matches nothing: an Activity has other errors."


def _input(state: State, queues: Sequence[str]) -> Iterator[Said]:
    given = state.job_input
    if not isinstance(given, dict):
        return  # made at run time
    body = {name.removesuffix(".$"): value for name, value in given.items()}
    dynamic = {name.removesuffix(".$") for name in given if name.endswith(".$")}
    if is_sync_form(body):
        job = {
            name: value
            for name, value in given.items()
            if camel(name.removesuffix(".$")) not in ONE_OF_SLUICE
        }
        vary = next((job.pop(name) for name in ("vary", "Vary") if name in job), None)
        yield from _job("", job, queues, MAX_SYNC_NAME)
        yield from _varying(vary, [job], "")
        return
    for name in ("executionArn", "stateName", "jobs"):
        if name not in body:
            yield _wrong(
                f"{name} is missing in its {state.input_field}, and so are the members of a single job."
            )
    if "jobs" in dynamic or not isinstance(body.get("jobs"), list):
        return
    if len(body["jobs"]) > MAX_JOBS:
        yield _wrong(f"it has {len(body['jobs'])} jobs; {MAX_JOBS} are allowed in a task.")
    for at, job in enumerate(body["jobs"]):
        if isinstance(job, dict):
            yield from _job(f"jobs[{at}].", job, queues, MAX_NAME)
    yield from _varying(body.get("vary"), body["jobs"], "jobs[0].")


def _varying(vary: Any, jobs: Sequence[Any], path: str) -> Iterator[Said]:
    """What keeps a task that says what varies from sharing an array."""
    if not isinstance(vary, list):
        return
    if len(jobs) != 1 or not isinstance(jobs[0], dict):
        yield _wrong(f"vary is for a task of one job, and it has {len(jobs)}.")
        return
    fixed = {camel(name): value for name, value in jobs[0].items()}
    said_of = path.__add__ if path else pascal
    parameters = fixed.get("parameters")
    for name in vary:
        if isinstance(parameters, dict) and not parameters.keys() & {name, f"{name}.$"}:
            yield _wrong(f"vary names {name!r}, which is no parameter of the job.")
    for name in fixed.keys() & set(NOT_IN_ARRAYS):
        yield _wrong(f"{said_of(name)} cannot be had with vary.")
    definition = fixed.get("jobDefinition")
    if _is_written_out(definition) and not REVISION.fullmatch(definition):
        yield _wrong(f"{said_of('jobDefinition')} is {definition!r}; with vary it must name a revision.")


def _job(path: str, job: Mapping[str, Any], queues: Sequence[str], longest: int) -> Iterator[Said]:
    fixed = {camel(name): value for name, value in job.items() if not name.endswith(".$")}
    known = {camel(name.removesuffix(".$")) for name in job}
    # a job of the long form has a place among others
    said_of = path.__add__ if path else pascal
    for name in _NEEDED:
        if name not in known:
            yield _wrong(f"{said_of(name)} is missing.")
    yield from map(_wrong, _unknown(job, _submit_job(), path, {"jobName"} if path else set()))
    job_name = fixed.get("jobName")
    pattern, allowed = (_NAME, "_ -") if path else (_SYNC_NAME, "_ - .")
    if _is_written_out(job_name) and not (pattern.fullmatch(job_name) and len(job_name) <= longest):
        yield _wrong(
            f"{said_of('jobName')} is {job_name!r}; it must be 1 to {longest} of A-Z a-z 0-9 {allowed}, "
            "the first a letter or digit."
        )
    parameters = fixed.get("parameters")
    for each in OWN_PARAMETERS:
        if isinstance(parameters, dict) and parameters.keys() & {each, f"{each}.$"}:
            yield _wrong(f"{said_of('parameters')}.{each} is Sluice's own; choose another name.")
    queue = fixed.get("jobQueue")
    if (
        queues
        and _is_written_out(queue)
        and not any(queue in (arn, arn.rpartition("/")[2]) for arn in queues)
    ):
        yield _wrong(
            f"{said_of('jobQueue')} is {queue!r}, which the stack does not watch: add it to the stack's "
            f"JobQueueArns, or use {', '.join(queues)}."
        )


@cache
def _submit_job() -> Shape | None:
    """SubmitJob's arguments."""
    return Session().get_service_model("batch").operation_model("SubmitJob").input_shape


def _is_written_out(value: Any) -> TypeGuard[str]:
    """True for a text that is the same at run time: no JSONata, no placeholder."""
    return isinstance(value, str) and "{%" not in value and "${" not in value


def _unknown(given: Any, shape: Shape | None, path: str, extra: set[str]) -> Iterator[str]:
    """Names the members that SubmitJob does not have."""
    if isinstance(shape, StructureShape) and isinstance(given, dict):
        for name, value in given.items():
            plain = name.removesuffix(".$")
            if camel(plain) not in shape.members:
                if plain not in extra:
                    yield f"{path}{plain} is not an argument of SubmitJob."
            elif not name.endswith(".$"):
                inner = extra if camel(plain) == "dependsOn" else set()
                yield from _unknown(value, shape.members[camel(plain)], f"{path}{plain}.", inner)
    elif isinstance(shape, ListShape) and isinstance(given, list):
        for at, each in enumerate(given):
            yield from _unknown(each, shape.member, f"{path.removesuffix('.')}[{at}].", extra)
