"""Makes a Task of an activity task's input without judging it; pure.

What stands in the task table was accepted once. It is read without a second check, so that a later, stricter
contract never makes a task unreadable for which a workflow waits.
"""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from sluice.tasks.model import Dependency, JobSpec, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class InvalidTaskError(ValueError):
    """Raised when an activity task's input is not what the contract says; the message is for its sender."""


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
    return Task(
        token=token,
        execution_arn=body["executionArn"],
        state_name=body["stateName"],
        jobs=_in_order([_job(index, fields) for index, fields in enumerate(body["jobs"])]),
        fail_fast=body.get("failFast", True),
    )


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
