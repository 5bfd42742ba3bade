"""Holds an activity task's input against Sluice's contract, and says exactly what is wrong with it; pure.

What a job asks of Batch beyond that is SubmitJob's to know: `check_requests` takes its word.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from graphlib import CycleError
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard

from sluice.batch_words import given_twice, pascal, request_of
from sluice.refusals import definition_refusal, queue_refusal
from sluice.schema import Entries, Fields, Flag, Text, listed, shown
from sluice.tasks.parsing import InvalidTaskError, OutOfBoundsError, is_sync_form, long_form, task_of
from sluice.tasks.submission import (
    MAX_NAME,
    MAX_REQUEST_BYTES,
    NAME,
    OWN_PARAMETERS,
    ROWS,
    submit_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sluice.tasks.model import Task

MAX_JOBS: Final = 100
"""Jobs a task: their ids are noted in one DynamoDB expression of at most 4 KB, their records and the
input share an item of at most 400 KB, and their outputs fit into a task's 262,144 characters.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

MAX_ARN: Final = 256
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html"""

MAX_STATE_NAME: Final = 80
"""https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""

MAX_VARYING: Final = 20
"""Parameters in which the children of an array may differ: their values share one variable."""

_SEVERAL: Final = ("ecsPropertiesOverride", "eksPropertiesOverride", "nodeOverrides")
NOT_IN_ARRAYS: Final = ("arrayProperties", "dependsOn", *_SEVERAL)
"""Members of a job that shares no array: it is one, waits for a job, or has several containers or nodes."""

REVISION: Final = re.compile(r"(.*/)?[^/:]+:[0-9]+")
"""A job definition with a revision, by its name or ARN."""

_VARY = Entries(Text(least=1), least=1, most=MAX_VARYING)

_EXECUTION_ARN = Text(
    most=MAX_ARN,
    # of any partition, Region and account
    pattern=re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:(execution|express):.+"),
    described="an execution's ARN, $$.Execution.Id",
)

_DEPENDENCY = Fields({"jobName": Text(least=1)}, others=True)

_JOB = Fields(
    {
        "jobName": Text(
            pattern=NAME, described=f"1 to {MAX_NAME} of A-Z a-z 0-9 _ -, the first a letter or digit"
        ),
        "dependsOn": Entries(_DEPENDENCY),
        "parameters": Fields({}, others=True),
    },
    required=("jobName",),
    others=True,
)
"""What Sluice itself reads of a job; the other fields are SubmitJob's arguments."""

_TASK = Fields(
    {
        "executionArn": _EXECUTION_ARN,
        "stateName": Text(least=1, most=MAX_STATE_NAME),
        "jobs": Entries(_JOB, least=1, most=MAX_JOBS),
        "failFast": Flag(),
        "vary": _VARY,
    },
    required=("executionArn", "stateName", "jobs"),
)

MAX_SYNC_NAME: Final = 128
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html"""

_SYNC = Fields(
    {
        "executionArn": _EXECUTION_ARN,
        "stateName": Text(least=1, most=MAX_STATE_NAME),
        "jobName": Text(
            pattern=re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_SYNC_NAME - 1}}}"),
            described=f"1 to {MAX_SYNC_NAME} of A-Z a-z 0-9 _ - ., the first a letter or digit",
        ),
        "dependsOn": Entries(Fields({}, others=True)),
        "parameters": Fields({}, others=True),
        "vary": _VARY,
    },
    required=("jobName",),
    others=True,
)
"""The short form, as `request_of` writes it."""

_SOME_JOB_ID = "00000000-0000-0000-0000-000000000000"
"""As long as Batch's ids are."""


def parse_task(token: str, text: str) -> Task:
    """Reads an activity task's input (JSON text) and returns its Task, jobs in the order to submit them.

    Raises:
        InvalidTaskError: names the field, what it holds and what is allowed.
    """
    body = _loads(text)
    if is_sync_form(body):
        _check_sync_form(body)
    else:
        for complaint in _TASK.complaints("", body):
            raise InvalidTaskError(complaint)
        _check_jobs(body["jobs"])
        _check_vary(body.get("vary", ()), body["jobs"], "jobs[0].")
    try:
        return task_of(token, body)
    except CycleError as error:
        circle = listed(error.args[1], " -> ")
        raise InvalidTaskError(f"jobs depend on each other in a cycle: {circle}") from error


def check_requests(task: Task, complaint: Callable[[Mapping[str, Any]], str | None]) -> None:
    """Makes sure that every job of a task makes a request that SubmitJob takes, as far as can be said before.

    Args:
        task: the task.
        complaint: what is wrong with the arguments of a SubmitJob, None if nothing is (ports.Batch).

    Raises:
        InvalidTaskError: names the job by its place in the input, and what is wrong with it.
    """
    job_ids = dict.fromkeys((job.name for job in task.jobs), _SOME_JOB_ID)
    for job in task.jobs:
        request = submit_request(task, job, job_ids)
        said = complaint(request) or _size_complaint(request)
        if said:
            raise InvalidTaskError(said if task.like_sync else f"jobs[{job.index}]: {said}")


class Bounds(Protocol):
    """What tasks may use: the job queues of whose jobs Sluice hears, or the job definitions."""

    def instead_of(self, name: str) -> Sequence[str]:
        """What may be used, if this one, by its ARN or name, may not; nothing if it may.

        Nothing either while nobody can say: a job is better submitted than refused for that.
        """


@dataclass(frozen=True)
class Allowed:
    """What tasks may use: queues of whose jobs Sluice hears, and job definitions."""

    queues: Bounds
    definitions: Bounds

    def check(self, task: Task) -> None:
        """Makes sure of both for all of a task's jobs, as far as can be said before.

        Raises:
            OutOfBoundsError: names the first job that must not be submitted, and what it may use instead.
        """
        for job in task.jobs:
            queue, definition = job.request["jobQueue"], job.request["jobDefinition"]
            if queues := self.queues.instead_of(queue):
                raise OutOfBoundsError(job.name, queue_refusal(queue, queues))
            if definitions := self.definitions.instead_of(definition):
                raise OutOfBoundsError(job.name, definition_refusal(definition, definitions))


def is_execution_arn(value: Any) -> TypeGuard[str]:
    """True for what a task's `executionArn` may be."""
    return next(_EXECUTION_ARN.complaints("", value), None) is None


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except InvalidTaskError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidTaskError(f"the task's input is not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = _given_twice(name for name, _ in pairs)
        raise InvalidTaskError(f"the task's input has the name {shown(twice)} twice in one object")
    return fields


def _given_twice(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _check_sync_form(body: Mapping[str, Any]) -> None:
    """Names a member as it stands in the input, in PascalCase or camelCase."""
    request = request_of(body)
    twice = given_twice(body)
    if twice is not None:
        raise InvalidTaskError(f"the input has {shown(twice)} twice, in PascalCase and in camelCase")
    for complaint in _SYNC.complaints("", request):
        as_given = any(complaint.startswith(name) for name in body)
        raise InvalidTaskError(complaint if as_given else pascal(complaint))
    (job,) = long_form(body)["jobs"]
    _check_vary(request.get("vary", ()), [job], "")
    for name in OWN_PARAMETERS:
        if name in job.get("parameters", ()):
            raise InvalidTaskError(f"the parameter {name} is Sluice's own; choose another name")
    for at, entry in enumerate(job.get("dependsOn", ())):
        _check_dependency(f"dependsOn[{at}]", entry, ())


def _check_jobs(jobs: Sequence[Mapping[str, Any]]) -> None:
    names = [job["jobName"] for job in jobs]
    twice = _given_twice(names)
    if twice is not None:
        raise InvalidTaskError(f"jobs has the jobName {twice!r} twice; names must differ within a task")
    for index, job in enumerate(jobs):
        for name in OWN_PARAMETERS:
            if name in job.get("parameters", ()):
                raise InvalidTaskError(
                    f"jobs[{index}].parameters.{name} is Sluice's own; choose another name"
                )
        for at, entry in enumerate(job.get("dependsOn", ())):
            _check_dependency(f"jobs[{index}].dependsOn[{at}]", entry, names)


def _check_vary(vary: Sequence[str], jobs: Sequence[Mapping[str, Any]], path: str) -> None:
    """Makes sure that a task which says what varies can share an array with others."""
    if not vary:
        return
    if len(jobs) > 1:
        raise InvalidTaskError(f"vary is for a task of one job, and jobs has {len(jobs)}; leave vary out")
    (job,), twice = jobs, _given_twice(vary)
    if twice is not None:
        raise InvalidTaskError(f"vary has the name {shown(twice)} twice")
    there = job.get("parameters", {})
    for at, name in enumerate(vary):
        if name not in there:
            has = listed(sorted(there)) or "none"
            raise InvalidTaskError(f"vary[{at}] is {shown(name)}, no parameter of the job; there are: {has}")
    for name in (each for each in NOT_IN_ARRAYS if each in job):
        raise InvalidTaskError(f"{path}{name} cannot be had with vary; leave one of them out")
    definition = job.get("jobDefinition")
    if isinstance(definition, str) and not REVISION.fullmatch(definition):
        said = (
            f"{path}jobDefinition is {shown(definition)}; with vary it must name a revision, as in lowpass:3"
        )
        raise InvalidTaskError(f"{said}, whose command begins with sluice-row")
    # whatever else is wrong with the overrides, SubmitJob's model knows
    if f'"{ROWS}"' in json.dumps(job.get("containerOverrides")):
        raise InvalidTaskError(f"the variable {ROWS} is Sluice's own; choose another name")


def _check_dependency(path: str, entry: Mapping[str, Any], names: Sequence[str]) -> None:
    if "jobName" in entry and "jobId" in entry:
        raise InvalidTaskError(f"{path} has both jobName and jobId; give one of them")
    if not entry.keys() & {"jobName", "jobId"} and entry.get("type") != "SEQUENTIAL":
        raise InvalidTaskError(f"{path} names no job; give jobName (a job of this task) or jobId")
    if "jobName" in entry and entry["jobName"] not in names:
        raise InvalidTaskError(
            f"{path} names {shown(entry['jobName'])}, no job of this task; there are: {listed(names)}"
        )


def _size_complaint(request: Mapping[str, Any]) -> str | None:
    """What Batch would refuse however it counts: JSON without a blank, in UTF-8."""
    text = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end]
        return f"it contains an unpaired surrogate, the last character of {shown(around)}"
    if size <= MAX_REQUEST_BYTES:
        return None
    return f"its SubmitJob request has {size} bytes with what Sluice adds; Batch allows {MAX_REQUEST_BYTES}"
