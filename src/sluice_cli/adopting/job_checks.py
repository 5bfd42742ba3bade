"""What of a job, as a definition has it, would be refused; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from botocore.model import ListShape, StructureShape
from botocore.session import Session

from sluice.arns import matches_definition, matches_queue
from sluice.batch_words import camel, given_twice, pascal
from sluice.refusals import definition_refusal, queue_refusal
from sluice.schema import shown
from sluice.tasks.contract import MAX_SYNC_NAME, NOT_IN_ARRAYS, REVISION
from sluice.tasks.submission import MAX_NAME, OWN_PARAMETERS
from sluice_cli.adopting.heartbeats import SENT_EVERY_SECONDS
from sluice_cli.adopting.values import is_made_at_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from botocore.model import Shape

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SYNC_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Of the short form, which writes hyphens for dots."""
_NEEDED: Final = ("jobName", "jobQueue", "jobDefinition")


@dataclass(frozen=True)
class Known:
    """What is known of the stack that a file is checked for; of a list that is empty, nobody can say.

    Attributes:
        queues: ARNs of the queues that it watches.
        definitions: ARNs, with stars, of the job definitions that its tasks may use.
        workflows: ARNs, with stars, of the state machines that its cohorts may start; its own is the first.
        sent_every_seconds: how often it sends a task's heartbeat (ReconcileHeartbeatSeconds).
    """

    queues: Sequence[str] = ()
    definitions: Sequence[str] = ()
    workflows: Sequence[str] = ()
    sent_every_seconds: float = SENT_EVERY_SECONDS


def job_complaints(path: str, job: Mapping[str, Any], known: Known) -> Iterator[str]:
    """Says what is wrong with a job, a sentence each; what is made later is taken to be right.

    Args:
        path: where it stands in a task of the long form, `jobs[0].`; empty in the short form.
        job: its members, in PascalCase or camelCase, those that are made at run time with `.$`.
        known: of the stack that is to run it.
    """
    fixed = {camel(name): value for name, value in job.items() if not name.endswith(".$")}
    given = {camel(name.removesuffix(".$")) for name in job}
    # a job of the long form has a place among others
    said_of = path.__add__ if path else pascal
    twice = given_twice({name.removesuffix(".$"): value for name, value in job.items()})
    if twice is not None and not path:
        yield f"the input has {shown(twice)} twice, in PascalCase and in camelCase."
    yield from (f"{said_of(name)} is missing." for name in _NEEDED if name not in given)
    yield from _unknown(job, _submit_job(), path, {"jobName"} if path else set(), is_short=not path)
    yield from _name_complaints(said_of("jobName"), fixed.get("jobName"), is_short=not path)
    parameters = fixed.get("parameters")
    for each in OWN_PARAMETERS:
        if isinstance(parameters, dict) and parameters.keys() & {each, f"{each}.$"}:
            yield f"{said_of('parameters')}.{each} is Sluice's own; choose another name."
    yield from _bounds_complaints(said_of, fixed, known)


def _name_complaints(path: str, name: Any, *, is_short: bool) -> Iterator[str]:
    pattern, allowed, longest = (_SYNC_NAME, "_ - .", MAX_SYNC_NAME) if is_short else (_NAME, "_ -", MAX_NAME)
    if _is_written_out(name) and not (pattern.fullmatch(name) and len(name) <= longest):
        yield (
            f"{path} is {name!r}; it must be 1 to {longest} of A-Z a-z 0-9 {allowed}, "
            "the first a letter or digit."
        )


def _bounds_complaints(
    said_of: Callable[[str], str], fixed: Mapping[str, Any], known: Known
) -> Iterator[str]:
    """What a task's job would be refused for, in the words of the refusal."""
    queue, definition = fixed.get("jobQueue"), fixed.get("jobDefinition")
    if known.queues and _is_written_out(queue) and not matches_queue(queue, known.queues):
        yield f"{said_of('jobQueue')} {queue_refusal(queue, known.queues)}."
    if (
        known.definitions
        and _is_written_out(definition)
        and not matches_definition(definition, known.definitions)
    ):
        yield f"{said_of('jobDefinition')} {definition_refusal(definition, known.definitions)}."


def varying_complaints(vary: Any, jobs: Sequence[Any], path: str) -> Iterator[str]:
    """Says what keeps a task that names what varies from sharing an array, a sentence each."""
    if not isinstance(vary, list):
        return
    if len(jobs) != 1 or not isinstance(jobs[0], dict):
        yield f"vary is for a task of one job, and it has {len(jobs)}."
        return
    fixed = {camel(name): value for name, value in jobs[0].items()}
    said_of = path.__add__ if path else pascal
    parameters = fixed.get("parameters")
    for name in vary:
        if _is_mapping(parameters) and not parameters.keys() & {name, f"{name}.$"}:
            yield f"vary names {name!r}, which is no parameter of the job."
    for name in fixed.keys() & set(NOT_IN_ARRAYS):
        yield f"{said_of(name)} cannot be had with vary."
    definition = fixed.get("jobDefinition")
    if _is_written_out(definition) and not REVISION.fullmatch(definition):
        yield f"{said_of('jobDefinition')} is {definition!r}; with vary it must name a revision."


@cache
def _submit_job() -> Shape | None:
    """SubmitJob's arguments."""
    return Session().get_service_model("batch").operation_model("SubmitJob").input_shape


def _is_written_out(value: Any) -> TypeGuard[str]:
    """True for a text that is the same at run time: no JSONata, no placeholder."""
    return isinstance(value, str) and "{%" not in value and "${" not in value


def _is_mapping(value: Any) -> TypeGuard[dict[str, Any]]:
    """True for members that are written out, whatever their values are."""
    return isinstance(value, dict) and not is_made_at_deployment(value)


def _unknown(given: Any, shape: Shape | None, path: str, extra: set[str], *, is_short: bool) -> Iterator[str]:
    """Names the members that SubmitJob does not have; only the short form may write them in PascalCase."""
    if isinstance(shape, StructureShape) and _is_mapping(given):
        for name, value in given.items():
            plain = name.removesuffix(".$")
            if (camel(plain) if is_short else plain) not in shape.members:
                if plain not in extra:
                    meant = f"; did you mean {camel(plain)}?" if camel(plain) in shape.members else "."
                    yield f"{path}{plain} is not an argument of SubmitJob{meant}"
            elif not name.endswith(".$"):
                inner = extra if camel(plain) == "dependsOn" else set()
                yield from _unknown(
                    value, shape.members[camel(plain)], f"{path}{plain}.", inner, is_short=is_short
                )
    elif isinstance(shape, ListShape) and isinstance(given, list):
        for at, each in enumerate(given):
            yield from _unknown(
                each, shape.member, f"{path.removesuffix('.')}[{at}].", extra, is_short=is_short
            )
