"""What holds a cohort back, how long it takes for that, and what to ask AWS for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sluice_cli.plan.estimate import HAND_OVER_SECONDS, LOOK_EVERY_SECONDS, WAKE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice_cli.plan.estimate import Cohort

LAUNCHES_PER_SECOND: Final = 20.0
LAUNCHES_AT_ONCE: Final = 100.0
"""Tasks that Fargate starts, on demand and on Spot apart.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
"""
BURST_SECONDS: Final = LAUNCHES_AT_ONCE / LAUNCHES_PER_SECOND
TASKS_PER_SECOND: Final = 500.0
"""Tasks that Step Functions hands out, and ends, a second in most large Regions.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
STARTS_PER_SECOND: Final = 100.0
"""Executions that Sluice starts; template.yaml's StartRatePerSecond."""
HEARTBEATS_PER_SECOND: Final = 250.0
"""Heartbeats of open tasks; template.yaml's HEARTBEAT_RATE_PER_SECOND."""
OPEN_TASKS: Final = int(HEARTBEATS_PER_SECOND * LOOK_EVERY_SECONDS)
"""Open tasks that have one every five minutes: as many as there may be, template.yaml's MaxOpenTasks."""
NOTICEABLE: Final = 1.1
"""A wall binds if a cohort takes so many times as long as the jobs of its slowest sample."""
FINER: Final = 1.02


class Wall(StrEnum):
    """What may hold a cohort back."""

    SUBMIT = "SubmitJob"
    LAUNCHES = "Fargate's task launches"
    VCPUS = "vCPUs"
    STARTS = "Step Functions' StartExecution"
    TASKS = "Step Functions' tasks"
    OPEN_TASKS = "open tasks, for their heartbeats"
    JOBS = "the samples' own jobs"


@dataclass(frozen=True)
class Room:
    """What AWS gives.

    Attributes:
        rate_per_second: at which jobs are submitted.
        slots: jobs that run at once; None for any number.
        launches_per_second: tasks that Fargate starts; None where there is no such limit, as on EC2.
        launches_at_once: tasks that it starts at once before that rate holds.
        starts_per_second: executions that are started.
        open_tasks: that there may be.
        together: jobs of a SubmitJob in a backlog, where tasks share arrays; Sluice shares none on Fargate.
    """

    rate_per_second: float
    slots: int | None = None
    launches_per_second: float | None = None
    launches_at_once: float = LAUNCHES_AT_ONCE
    starts_per_second: float = STARTS_PER_SECOND
    open_tasks: int = OPEN_TASKS
    together: float = 1.0


@dataclass(frozen=True)
class Times:
    """How long a cohort takes.

    Attributes:
        by_wall: seconds if this wall alone stood in the way.
    """

    by_wall: Mapping[Wall, float]

    @property
    def all_done(self) -> float:
        """Until the last sample is done, in seconds."""
        return max(self.by_wall.values())

    @property
    def binding(self) -> Wall:
        """What decides."""
        if self.all_done < NOTICEABLE * self.by_wall[Wall.JOBS]:
            return Wall.JOBS
        return max(self.by_wall, key=lambda wall: self.by_wall[wall])


def times(cohort: Cohort, room: Room) -> Times:
    """Says how long a cohort takes, by each of the walls."""
    step = cohort.longest_seconds + cohort.start_seconds + HAND_OVER_SECONDS
    jobs = cohort.jobs * step
    by_wall = {
        Wall.JOBS: jobs,
        Wall.SUBMIT: _at_rate(cohort, step, room.rate_per_second * room.together),
        Wall.TASKS: _at_rate(cohort, step, TASKS_PER_SECOND),
        Wall.STARTS: cohort.samples / room.starts_per_second + jobs,
        Wall.OPEN_TASKS: _on_slots(cohort, jobs, room.open_tasks),
    }
    if room.launches_per_second is not None:
        by_wall[Wall.LAUNCHES] = _at_rate(cohort, step, room.launches_per_second, room.launches_at_once)
    if room.slots is not None:
        by_wall[Wall.VCPUS] = _on_slots(cohort, jobs, room.slots)
    return Times({wall: WAKE_SECONDS + seconds for wall, seconds in by_wall.items()})


def _at_rate(cohort: Cohort, step: float, rate: float, at_once: float = 0.0) -> float:
    """How long jobs take that begin at a rate.

    While fewer jobs wait than begin in the length of a job, the last sample begins after samples / rate and
    goes on undisturbed; otherwise the rate is used to the full until the last job has begun.
    """
    whole = max(0.0, cohort.all_jobs - at_once) / rate + step
    first = max(0.0, cohort.samples - at_once) / rate + cohort.jobs * step
    return max(whole, first)


def _on_slots(cohort: Cohort, jobs_seconds: float, slots: int) -> float:
    if slots >= cohort.samples:
        return jobs_seconds
    run = cohort.seconds + cohort.start_seconds
    return math.ceil(cohort.all_jobs / slots) * run + cohort.jobs * HAND_OVER_SECONDS


def slots_of(max_vcpus: float | None, job_vcpus: float) -> int | None:
    """How many jobs run at once on so many vCPUs; None for any number."""
    return None if max_vcpus is None else max(1, int(max_vcpus // job_vcpus))


def enough(cohort: Cohort, room: Room) -> float | None:
    """How much of what binds would do: with more, something else decides.

    Returns:
        Calls, launches or starts a second, jobs that run or tasks that are open at once; None if there is
        nothing to ask for.
    """
    wall = times(cohort, room).binding
    if wall not in {Wall.SUBMIT, Wall.LAUNCHES, Wall.VCPUS, Wall.STARTS, Wall.OPEN_TASKS}:
        return None
    asked = room
    while times(cohort, asked).binding is wall:
        asked = _with_more(asked, wall)
    return _amount(asked, wall)


def _with_more(room: Room, wall: Wall) -> Room:
    amount = _amount(room, wall) * FINER
    match wall:
        case Wall.SUBMIT:
            return replace(room, rate_per_second=amount)
        case Wall.LAUNCHES:
            return replace(room, launches_per_second=amount)
        case Wall.STARTS:
            return replace(room, starts_per_second=amount)
        case Wall.OPEN_TASKS:
            return replace(room, open_tasks=math.ceil(amount))
    return replace(room, slots=math.ceil(amount))


def _amount(room: Room, wall: Wall) -> float:
    amounts = {
        Wall.SUBMIT: room.rate_per_second,
        Wall.LAUNCHES: room.launches_per_second,
        Wall.STARTS: room.starts_per_second,
        Wall.VCPUS: room.slots,
        Wall.OPEN_TASKS: room.open_tasks,
    }
    return float(amounts[wall] or math.inf)
