"""What holds the jobs back at the moment, and what to ask AWS for; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sluice_local.batch.capacity.room import Lack

LOOK_BACK_SECONDS: Final = 10
"""Whole seconds that are looked at: a rate shows in no single one."""
FULL: Final = 0.9
"""Of a quota's calls: from then on it counts as used up."""
OPEN_TASKS_MAX: Final = 250 * 300
"""Open tasks with which pollers take no more: the default of template.yaml's MaxOpenTasks."""

Calls = Mapping[int, Sequence[int]]
"""Calls of an API by second: accepted, throttled."""


@dataclass(frozen=True)
class Wall:
    """What holds the jobs back, and the way out on AWS."""

    name: str
    way_out: str


# sources: see `sluice_cli.plan.advice`, which says how much to ask for
_OF_BATCH: Final[Mapping[Lack, Wall]] = {
    Lack.SLOTS: Wall("this machine's job slots", "AWS has none: see --job-slots."),
    Lack.VCPUS: Wall(
        "vCPUs of the compute environments",
        "Raise MaxVcpus, and ask Service Quotas for Fargate's vCPU resource count.",
    ),
    Lack.LAUNCHES: Wall("Fargate's task launches", "Ask AWS Support for a higher task launch rate."),
    Lack.DISPATCHES: Wall(
        "how fast Batch places jobs on EC2",
        "AWS says no number: see --ec2-dispatches. Give each job more to do.",
    ),
}
_SUBMIT: Final = Wall(
    "SubmitJob", "AWS does not raise it: give each job more to do, or let tasks share arrays."
)
_STARTS: Final = Wall(
    "Step Functions' StartExecution", "Ask Service Quotas for a higher throttle token refill rate."
)
_OPEN_TASKS: Final = Wall(
    "open tasks, for their heartbeats", "Raise MaxOpenTasks and ReconcileHeartbeatSeconds together."
)


@dataclass(frozen=True)
class Pressure:
    """What is looked at.

    Attributes:
        lacks: what jobs in Batch wait for, queue by queue.
        submits, starts: calls of SubmitJob and of StartExecution.
        submit_quota: calls of SubmitJob that are allowed a second; None for any number.
        open_tasks: tasks that were taken and have not ended.
    """

    lacks: Sequence[Lack]
    submits: Calls
    starts: Calls
    submit_quota: float | None
    open_tasks: int


def binding_wall(pressure: Pressure, at_second: int) -> Wall | None:
    """Say what holds the jobs back, None if nothing does: the last wall on a job's way comes first."""
    if pressure.open_tasks >= OPEN_TASKS_MAX:
        return _OPEN_TASKS
    if pressure.lacks:
        return _OF_BATCH[pressure.lacks[0]]
    accepted, throttled = _recent(pressure.submits, at_second)
    quota = pressure.submit_quota
    if throttled or (quota is not None and accepted >= FULL * quota * LOOK_BACK_SECONDS):
        return _SUBMIT
    return _STARTS if _recent(pressure.starts, at_second)[1] else None


def _recent(calls: Calls, at_second: int) -> tuple[int, int]:
    """The second under way is left out."""
    pairs = [calls.get(second, (0, 0)) for second in range(at_second - LOOK_BACK_SECONDS, at_second)]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
