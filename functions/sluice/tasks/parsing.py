"""Makes a Task of an activity task's input without judging it; pure.

What stands in the task table was accepted once. It is read without a second check, so that a later, stricter
contract never makes a task unreadable for which a workflow waits.
"""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from sluice.batch_words import camel, request_of
from sluice.tasks.model import Dependency, JobSpec, Task
from sluice.tasks.submission import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARKS: Final = frozenset({"jobName", "jobQueue", "jobDefinition"})
"""The members by which the short form is known: each job has them, and the long form has none of them."""


class InvalidTaskError(ValueError):
    """Raised when an activity task's input is not what the contract says; the message is for its sender."""


class OutOfBoundsError(InvalidTaskError):
    """Raised for a job that the stack must not submit; `job_name` is its name in its task."""

    def __init__(self, job_name: str, message: str) -> None:
        super().__init__(message)
        self.job_name = job_name


def build_task(token: str, text: str) -> Task:
    """Reads an input (JSON text) that was accepted before, and returns its Task.

    Raises:
        InvalidTaskError: no Task can be made of the text, whatever the contract was.
    """
    try:
        return task_of(token, json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidTaskError(f"the task's input cannot be read any more: {error!r}") from error


def task_of(token: str, body: Mapping[str, Any]) -> Task:
    """Makes a Task of what an input says, its jobs in the order to submit them.

    Raises:
        graphlib.CycleError: the jobs depend on each other in a cycle.
    """
    like_sync = is_sync_form(body)
    fields = long_form(body) if like_sync else body
    return Task(
        token=token,
        execution_arn=fields["executionArn"],
        state_name=fields["stateName"],
        jobs=_in_order([_job(index, job) for index, job in enumerate(fields["jobs"])]),
        fail_fast=fields.get("failFast", True),
        like_sync=like_sync,
        vary=tuple(fields.get("vary", ())),
    )


def is_sync_form(body: Any) -> bool:
    """True for the short form: one job as `batch:submitJob.sync` takes it, in PascalCase or camelCase."""
    return isinstance(body, dict) and "jobs" not in body and bool(MARKS & {camel(name) for name in body})


def long_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a short form as the long one with its one job.

    The job's name is cut to MAX_NAME characters, with hyphens for dots, as the executions of a cohort have
    them in the names by which workflows call their jobs. It stands for the state's where that is not given.
    """
    job = request_of(body)
    execution_arn, state_name = job.pop("executionArn", ""), job.pop("stateName", None)
    vary = job.pop("vary", ())
    job["jobName"] = job["jobName"].replace(".", "-")[:MAX_NAME]
    own = {"executionArn": execution_arn, "stateName": state_name or job["jobName"]}
    return {**own, "jobs": [job], "vary": vary}


def _job(index: int, fields: Mapping[str, Any]) -> JobSpec:
    return JobSpec(
        name=fields["jobName"],
        request={name: value for name, value in fields.items() if name not in ("jobName", "dependsOn")},
        depends_on=tuple(_dependency(entry) for entry in fields.get("dependsOn", ())),
        index=index,
    )


def _dependency(fields: Mapping[str, Any]) -> Dependency:
    rest = {name: value for name, value in fields.items() if name != "jobName"}
    return Dependency(fields.get("jobName"), rest)


def _in_order(specs: Iterable[JobSpec]) -> tuple[JobSpec, ...]:
    by_name = {spec.name: spec for spec in specs}
    order = TopologicalSorter({name: sorted(spec.needs) for name, spec in by_name.items()})
    return tuple(by_name[name] for name in order.static_order())
