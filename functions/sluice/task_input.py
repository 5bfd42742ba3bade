"""Turns the input of an activity task into a Task, or says exactly what is wrong with it."""

from __future__ import annotations

import json
import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from sluice.job_shape import JOB
from sluice.model import Dependency, JobSpec, Task
from sluice.shape import CHOICES_SHOWN, Entries, Fields, Flag, Text, choices, shown
from sluice.submission import submit_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESERVED_PARAMETERS: Final = ("taskToken", "taskJob")

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

MAX_REQUEST_BYTES: Final = 30 * 1024
"""A SubmitJob request: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""

_EXECUTION_ARN = Text(
    most=MAX_ARN,
    # of any partition, Region and account
    pattern=re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:(execution|express):.+"),
    described="an execution's ARN, $$.Execution.Id",
)

_TASK = Fields(
    {
        "executionArn": _EXECUTION_ARN,
        "stateName": Text(least=1, most=MAX_STATE_NAME),
        "jobs": Entries(JOB, least=1, most=MAX_JOBS),
        "failFast": Flag(),
    },
    required=("executionArn", "stateName", "jobs"),
)

_SOME_JOB_ID = "00000000-0000-0000-0000-000000000000"
"""As long as Batch's ids are."""


class InvalidTaskError(ValueError):
    """Raised when an activity task's input is not what the contract says; the message is for its sender."""


def parse_task(token: str, text: str) -> Task:
    """Reads an activity task's input (JSON text) and returns its Task, jobs in the order to submit them.

    Every job of the task makes a request that SubmitJob takes, as far as that can be said without Batch.

    Raises:
        InvalidTaskError: names the field, what it holds and what is allowed.
    """
    body = _loads(text)
    for complaint in _TASK.complaints("", body):
        raise InvalidTaskError(complaint)
    jobs = [_read_job(f"jobs[{index}]", job) for index, job in enumerate(body["jobs"])]
    task = Task(
        token=token,
        execution_arn=body["executionArn"],
        state_name=body["stateName"],
        jobs=_in_order(jobs),
        fail_fast=body.get("failFast", True),
    )
    _check_sizes(task, jobs)
    return task


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
        names = [name for name, _ in pairs]
        twice = next(name for name in fields if names.count(name) > 1)
        raise InvalidTaskError(f"the task's input has the name {shown(twice)} twice in one object")
    return fields


def _read_job(path: str, fields: Mapping[str, Any]) -> JobSpec:
    for name in RESERVED_PARAMETERS:
        if name in fields.get("parameters", {}):
            raise InvalidTaskError(f"{path}.parameters.{name} is Sluice's own; choose another name")
    entries = fields.get("dependsOn", [])
    return JobSpec(
        name=fields["jobName"],
        request={name: value for name, value in fields.items() if name not in ("jobName", "dependsOn")},
        depends_on=tuple(
            _read_dependency(f"{path}.dependsOn[{index}]", entry) for index, entry in enumerate(entries)
        ),
    )


def _read_dependency(path: str, fields: Mapping[str, str]) -> Dependency:
    if "jobName" in fields and "jobId" in fields:
        raise InvalidTaskError(f"{path} has both jobName and jobId; give one of them")
    if not fields.keys() & {"jobName", "jobId"} and fields.get("type") != "SEQUENTIAL":
        raise InvalidTaskError(f"{path} names no job; give jobName (a job of this task) or jobId")
    return Dependency(fields.get("jobName"), fields.get("jobId"), fields.get("type"))


def _in_order(specs: Sequence[JobSpec]) -> tuple[JobSpec, ...]:
    by_name = {spec.name: spec for spec in specs}
    if len(by_name) < len(specs):
        names = [spec.name for spec in specs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidTaskError(f"jobs has the jobName {twice!r} twice; names must differ within a task")
    for index, spec in enumerate(specs):
        for missing in sorted(spec.needs - by_name.keys()):
            raise InvalidTaskError(
                f"jobs[{index}].dependsOn names {shown(missing)}, no job of this task; "
                f"{choices(missing, by_name, 'there are')}"
            )
    try:
        order = TopologicalSorter({spec.name: sorted(spec.needs) for spec in specs}).static_order()
        return tuple(by_name[name] for name in order)
    except CycleError as error:
        circle = error.args[1]
        rest = [f"{len(circle) - CHOICES_SHOWN} more"] if len(circle) > CHOICES_SHOWN else []
        raise InvalidTaskError(
            f"jobs depend on each other in a circle: {' -> '.join([*circle[:CHOICES_SHOWN], *rest])}"
        ) from error


def _check_sizes(task: Task, jobs: Sequence[JobSpec]) -> None:
    """Refuses what Batch would refuse however it counts: JSON without a blank, in UTF-8."""
    job_ids = dict.fromkeys((job.name for job in jobs), _SOME_JOB_ID)
    for index, job in enumerate(jobs):
        request = submit_request(task, job, job_ids)
        size = len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode())
        if size > MAX_REQUEST_BYTES:
            raise InvalidTaskError(
                f"jobs[{index}] makes a SubmitJob request of {size} bytes with its task token; "
                f"Batch allows {MAX_REQUEST_BYTES}"
            )
