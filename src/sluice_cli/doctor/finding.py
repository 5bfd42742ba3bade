"""What a check found, and what it is given to look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.stack import watched_queues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sluice.tasks.model import TaskRecord
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Resource, Stack


OPEN_TASKS_READ: Final = 1000
"""Open tasks that are read, ten calls."""


class Level(StrEnum):
    """How bad it is: WRONG keeps samples from getting on, WARNING may, or could not be looked at."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What a check found: a sentence and, unless all is well, the way out."""

    check: str
    level: Level
    says: str
    way_out: str = ""


@dataclass(frozen=True)
class CheckContext:
    """The stack to look at, with what it is made of; what several checks need is asked for once."""

    api: Api
    stack: Stack
    resources: tuple[Resource, ...]
    now_ms: int

    @property
    def is_local(self) -> bool:
        """True on Local AWS, which pulls no images and has no Service Quotas."""
        return self.api.endpoint_url is not None

    @cached_property
    def open_tasks(self) -> Sequence[TaskRecord]:
        """Some of the open tasks, those that were not looked at for longest."""
        return self.api.tasks(self.stack.output("TaskTableName")).open_tasks(OPEN_TASKS_READ)

    @cached_property
    def queues(self) -> Sequence[dict[str, Any]]:
        """The job queues that tasks may use, those of them that there are."""
        arns = list(watched_queues(self.stack))
        return list(self.api.call("batch", "describe_job_queues", jobQueues=arns)["jobQueues"])

    @cached_property
    def environments(self) -> Sequence[dict[str, Any]]:
        """The compute environments of these queues."""
        orders = (queue.get("computeEnvironmentOrder", ()) for queue in self.queues)
        names = sorted({each["computeEnvironment"] for order in orders for each in order})
        if not names:
            return ()
        answer = self.api.call("batch", "describe_compute_environments", computeEnvironments=names)
        return list(answer["computeEnvironments"])

    def of_type(self, kind: str) -> tuple[Resource, ...]:
        """The stack's resources of a CloudFormation type."""
        return tuple(each for each in self.resources if each.type == kind)

    def parameter(self, name: str, default: float) -> float:
        """A parameter of the stack that is a number."""
        try:
            return float(self.stack.parameters.get(name, default))
        except ValueError:
            return default


if TYPE_CHECKING:
    Check = Callable[[CheckContext], Iterator[Finding]]


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, way_out: str) -> Finding:
    """Something may be amiss."""
    return Finding(check, Level.WARNING, says, way_out)


def wrong(check: str, says: str, way_out: str) -> Finding:
    """Something is broken."""
    return Finding(check, Level.WRONG, says, way_out)
