"""Turns the input of an activity task into a Task, or says exactly what is wrong with it."""

from __future__ import annotations

import difflib
import json
import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from sluice.model import Dependency, JobSpec, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TASK_FIELDS: Final = {"executionArn": str, "stateName": str, "jobs": list, "failFast": bool}
TASK_REQUIRED: Final = ("executionArn", "stateName", "jobs")

JOB_FIELDS: Final = {
    "jobName": str,
    "jobQueue": str,
    "jobDefinition": str,
    "dependsOn": list,
    "parameters": dict,
    "arrayProperties": dict,
    "consumableResourcePropertiesOverride": dict,
    "containerOverrides": dict,
    "ecsPropertiesOverride": dict,
    "eksPropertiesOverride": dict,
    "nodeOverrides": dict,
    "propagateTags": bool,
    "retryStrategy": dict,
    "schedulingPriorityOverride": int,
    "shareIdentifier": str,
    "tags": dict,
    "timeout": dict,
}
"""SubmitJob's arguments: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html"""
JOB_REQUIRED: Final = ("jobName", "jobQueue", "jobDefinition")

DEPENDENCY_FIELDS: Final = {"jobName": str, "jobId": str, "type": str}
DEPENDENCY_TYPES: Final = ("N_TO_N", "SEQUENTIAL")
RESERVED_PARAMETERS: Final = ("taskToken", "taskJob")

MAX_JOBS: Final = 100
"""Jobs a task: their ids are noted in one DynamoDB expression of at most 4 KB, their records and the
input share an item of at most 400 KB, and their outputs fit into a task's 262,144 characters.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

MAX_ARN: Final = 2_048
"""Bytes of a key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

MAX_NAME: Final = 111
"""Batch's 128 characters less a hyphen and the 16 that Sluice adds (submission.job_name)."""

MAX_DEPENDENCIES: Final = 20
"""https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_NAME - 1}}}")
_EXECUTION_ARN = re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:(execution|express):.+")
_TYPE_NAMES: Final = {
    str: "a string",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "an integer",
}
_SHOWN = 80


class InvalidTaskError(ValueError):
    """Raised when an activity task's input is not what the contract says; the message is for its sender."""


def parse_task(token: str, text: str) -> Task:
    """Reads an activity task's input (JSON text) and returns its Task, jobs in the order to submit them.

    Raises:
        InvalidTaskError: names the field, what it holds and what is allowed.
    """
    body = _object("the task's input", _loads(text))
    _check_fields("", body, TASK_FIELDS, TASK_REQUIRED)
    arn = body["executionArn"]
    if not _EXECUTION_ARN.fullmatch(arn) or len(arn.encode(errors="replace")) > MAX_ARN:
        raise _invalid("executionArn", arn, "an execution's ARN, $$.Execution.Id")
    jobs = body["jobs"]
    if not 1 <= len(jobs) <= MAX_JOBS:
        raise InvalidTaskError(f"jobs has {len(jobs)} entries; 1 to {MAX_JOBS} are allowed")
    specs = [_parse_job(f"jobs[{index}]", job) for index, job in enumerate(jobs)]
    return Task(
        token=token,
        execution_arn=arn,
        state_name=body["stateName"],
        jobs=_in_order(specs),
        fail_fast=body.get("failFast", True),
    )


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidTaskError(f"the task's input is not JSON: {error}") from error


def _parse_job(path: str, job: Any) -> JobSpec:
    fields = _object(path, job)
    _check_fields(path, fields, JOB_FIELDS, JOB_REQUIRED)
    if not _NAME.fullmatch(fields["jobName"]):
        allowed = f"1 to {MAX_NAME} of A-Z a-z 0-9 _ -, the first a letter or digit"
        raise _invalid(f"{path}.jobName", fields["jobName"], allowed)
    for name in ("parameters", "tags"):
        _check_strings(f"{path}.{name}", fields.get(name, {}))
    for name in RESERVED_PARAMETERS:
        if name in fields.get("parameters", {}):
            raise InvalidTaskError(f"{path}.parameters.{name} is Sluice's own; choose another name")
    return JobSpec(
        name=fields["jobName"],
        request={name: value for name, value in fields.items() if name not in ("jobName", "dependsOn")},
        depends_on=_parse_dependencies(path, fields.get("dependsOn", [])),
    )


def _parse_dependencies(path: str, entries: list[Any]) -> tuple[Dependency, ...]:
    if len(entries) > MAX_DEPENDENCIES:
        raise InvalidTaskError(
            f"{path}.dependsOn has {len(entries)} entries; Batch allows {MAX_DEPENDENCIES}"
        )
    return tuple(
        _parse_dependency(f"{path}.dependsOn[{index}]", entry) for index, entry in enumerate(entries)
    )


def _parse_dependency(path: str, entry: Any) -> Dependency:
    fields = _object(path, entry)
    _check_fields(path, fields, DEPENDENCY_FIELDS, ())
    kind = fields.get("type")
    if kind is not None and kind not in DEPENDENCY_TYPES:
        raise _invalid(f"{path}.type", kind, " or ".join(DEPENDENCY_TYPES))
    if "jobName" in fields and "jobId" in fields:
        raise InvalidTaskError(f"{path} has both jobName and jobId; give one of them")
    if not fields.keys() & {"jobName", "jobId"} and kind != "SEQUENTIAL":
        raise InvalidTaskError(f"{path} names no job; give jobName (a job of this task) or jobId")
    return Dependency(job_name=fields.get("jobName"), job_id=fields.get("jobId"), type=kind)


def _in_order(specs: list[JobSpec]) -> tuple[JobSpec, ...]:
    by_name = {spec.name: spec for spec in specs}
    if len(by_name) < len(specs):
        names = [spec.name for spec in specs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidTaskError(f"jobs has the jobName {twice!r} twice; names must differ within a task")
    for index, spec in enumerate(specs):
        for missing in sorted(spec.needs - by_name.keys()):
            raise InvalidTaskError(
                f"jobs[{index}].dependsOn names {_shown(missing)}, no job of this task; "
                f"{_choices(missing, by_name, 'there are')}"
            )
    try:
        order = TopologicalSorter({spec.name: sorted(spec.needs) for spec in specs}).static_order()
        return tuple(by_name[name] for name in order)
    except CycleError as error:
        raise InvalidTaskError(
            f"jobs depend on each other in a circle: {' -> '.join(error.args[1])}"
        ) from error


def _object(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(path, value, "an object")
    return value


def _check_fields(
    path: str, body: Mapping[str, Any], known: Mapping[str, type], required: Iterable[str]
) -> None:
    for name, value in body.items():
        if name not in known:
            raise InvalidTaskError(
                f"{_join(path, name)} is not a field of this object; {_choices(name, known)}"
            )
        wanted = known[name]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise _invalid(_join(path, name), value, _TYPE_NAMES[wanted])
        if wanted is str and not value:
            raise _invalid(_join(path, name), value, "a string that is not empty")
    for name in required:
        if name not in body:
            raise InvalidTaskError(f"{_join(path, name)} is missing; it must be {_TYPE_NAMES[known[name]]}")


def _check_strings(path: str, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if not isinstance(value, str):
            raise _invalid(_join(path, name), value, "a string (Batch takes no other type here)")


def _join(path: str, name: str) -> str:
    return f"{path}.{name[:_SHOWN]}" if path else name[:_SHOWN]


def _choices(name: str, known: Iterable[str], introduction: str = "known here") -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), [known.lower() for known in names], n=1)
    meant = [known for known in names if known.lower() in close]
    if meant:
        return f"did you mean {meant[0]!r}?"
    return f"{introduction}: {', '.join(names[:20])}"


def _invalid(path: str, value: Any, allowed: str) -> InvalidTaskError:
    return InvalidTaskError(f"{path} is {_shown(value)}; it must be {allowed}")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
