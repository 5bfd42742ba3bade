"""How long large cohorts take with and without arrays, by the closed forms of `sluice plan`.

The simulation knows no arrays. Where tasks go alone the forms are within a tenth of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.cohort import JOBS_PER_SAMPLE
from bench.results import write_json
from sluice_cli.plan.estimate import Cohort
from sluice_cli.plan.walls import LAUNCHES_PER_SECOND, Room, times
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
        wall: what decides.
    """

    samples: int
    minutes: float
    room: str
    seconds: float
    wall: str


def makespans(sizes: Sequence[int] = SIZES, minutes: Sequence[float] = MINUTES) -> list[Makespan]:
    """Computes all of them: sizes, lengths of a job, and where it runs."""
    return [_makespan(samples, length, name) for samples in sizes for length in minutes for name in ROOMS]


def _makespan(samples: int, minutes: float, name: str) -> Makespan:
    cohort = Cohort(samples, JOBS_PER_SAMPLE, minutes * 60, minutes * 60)
    found = times(cohort, ROOMS[name])
    by_wall = max(found.by_wall, key=lambda wall: found.by_wall[wall])
    return Makespan(samples, minutes, name, found.all_done, by_wall.value)


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
