"""How long large cohorts take with and without arrays: their schedule, played in virtual time.

A task waits for its execution's start, a place among the open tasks, a slot and, on Fargate, a launch, first
come, first served. What `bench scale` plays besides, such as polls, events and throttling, is left out.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.cohort import JOBS_PER_SAMPLE
from bench.results import write_json
from sluice_cli.plan.estimate import HAND_OVER_SECONDS, WAKE_SECONDS, Cohort
from sluice_cli.plan.walls import LAUNCHES_PER_SECOND, TASKS_PER_SECOND, Room, times
from sluice_cli.terminal.durations import span

SIZES: Final = (1_500, 100_000, 1_000_000)
MINUTES: Final = (1, 5, 20, 60)
RATE: Final = 49.0
TOGETHER: Final = 9.0
"""Jobs of a SubmitJob in a backlog: what four pollers of one vCPU each can take, 8.5 ms of CPU a task."""
ARRAYS_FILE: Final = "arrays.json"

ROOMS: Final = {
    "EC2, singly": Room(RATE),
    "EC2, arrays": Room(RATE, together=TOGETHER),
    "Fargate": Room(RATE, launches_per_second=LAUNCHES_PER_SECOND),
}


@dataclass(frozen=True)
class Makespan:
    """How long a cohort takes.

    Attributes:
        samples: of three jobs each.
        minutes: that a job runs.
        room: where, by its name.
        seconds: until the last sample is done.
        wall: what decides, by the closed forms of `sluice plan`.
    """

    samples: int
    minutes: float
    room: str
    seconds: float
    wall: str


def makespans(sizes: Sequence[int] = SIZES, minutes: Sequence[float] = MINUTES) -> list[Makespan]:
    """Plays all of them: sizes, lengths of a job, and where it runs."""
    return [_makespan(samples, length, name) for samples in sizes for length in minutes for name in ROOMS]


def _makespan(samples: int, minutes: float, name: str) -> Makespan:
    cohort = Cohort(samples, JOBS_PER_SAMPLE, minutes * 60, minutes * 60)
    by_wall = times(cohort, ROOMS[name]).by_wall
    wall = max(by_wall, key=lambda each: by_wall[each])
    return Makespan(samples, minutes, name, played(cohort, ROOMS[name]), wall.value)


def played(cohort: Cohort, room: Room) -> float:
    """Plays the schedule of a cohort; returns the seconds until the last sample is done.

    As all jobs take the same time, those that began first end first, and lines take the place of heaps.
    """
    slot_gap = 1 / min(room.rate_per_second * room.together, TASKS_PER_SECOND)
    launch_gap = 0.0 if room.launches_per_second is None else 1 / room.launches_per_second
    run = cohort.longest_seconds + cohort.start_seconds
    open_until: deque[float] = deque()
    next_jobs: deque[tuple[float, int]] = deque()
    begun, slot, launch, end = 0, -math.inf, -math.inf, 0.0
    for _ in range(cohort.all_jobs):
        start = begun / room.starts_per_second if begun < cohort.samples else math.inf
        if next_jobs and next_jobs[0][0] <= start:
            at, step = next_jobs.popleft()
        else:
            at, step, begun = start, 1, begun + 1
        place = open_until.popleft() if len(open_until) == room.open_tasks else 0.0
        slot = max(at, place, slot + slot_gap)
        # as many launches as may come at once are saved up, and no more
        launch = max(launch + launch_gap, slot - (room.launches_at_once - 1) * launch_gap)
        end = max(slot, launch) + run
        open_until.append(end)
        if step < cohort.jobs:
            next_jobs.append((end + HAND_OVER_SECONDS, step + 1))
    return WAKE_SECONDS + end


def arrays(output: Path, console: Console) -> int:
    """Prints the table and writes its figures; returns the exit status."""
    found = makespans()
    console.print(makespan_table(found))
    write_json(
        output / ARRAYS_FILE, {"rate": RATE, "together": TOGETHER, "makespans": list(map(asdict, found))}
    )
    console.print(f"figures  {output / ARRAYS_FILE}", highlight=False)
    return 0


def makespan_table(found: Sequence[Makespan]) -> Table:
    """Makes the table: a row for a size and a length, a column for where it runs."""
    table = Table(title="Makespan of samples of three jobs", box=None, pad_edge=False, title_justify="left")
    for column in ("samples", "minutes a job", *ROOMS, "what decides with arrays"):
        table.add_column(column, justify="right" if column != "what decides with arrays" else "left")
    for begin in range(0, len(found), len(ROOMS)):
        some = found[begin : begin + len(ROOMS)]
        decides = next(each.wall for each in some if each.room == "EC2, arrays")
        first = some[0]
        table.add_row(
            f"{first.samples:,}", f"{first.minutes:g}", *(span(each.seconds) for each in some), decides
        )
    return table
