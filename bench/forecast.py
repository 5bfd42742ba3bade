"""Is `sluice plan` right? Three cohorts on Local AWS, each held back by another wall, and their forecasts."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.cohort import JOBS_PER_SAMPLE, Cohort
from bench.contenders.sluice import Sluice
from bench.machine import CpuSampler, describe_machine, idle_share
from bench.results import write_json
from sluice_cli.plan.estimate import Cohort as PlannedCohort
from sluice_cli.plan.walls import Room, Times, Wall, times
from sluice_local.quotas import Quota, quota_of
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import RATE_WITHIN_QUOTA

TOLERANCE: Final = 0.1
ENVIRONMENTS: Final = 2
"""Compute environments of the stack's queue: Spot, and on demand for what is beyond."""
_SEED: Final = 1


@dataclass(frozen=True)
class Shape:
    """A cohort, and what AWS gives; small enough for the walls to be AWS's and not this machine's.

    Attributes:
        wall: that is to hold it back.
        samples: of three jobs each.
        mean_seconds: of a job.
        quota_per_second: of SubmitJob.
        launches: of Fargate.
        max_vcpus: of each compute environment.
    """

    wall: Wall
    samples: int
    mean_seconds: float
    quota_per_second: float
    launches: Quota
    max_vcpus: int

    @property
    def cohort(self) -> Cohort:
        """The cohort that runs."""
        return Cohort(self.samples, _SEED, self.mean_seconds)

    @property
    def forecast(self) -> Times:
        """What `sluice plan` says of it."""
        lengths = [self.cohort.seconds(name) for name in self.cohort.sample_names()]
        mean = sum(map(sum, lengths)) / self.cohort.jobs
        longest = max(map(sum, lengths)) / JOBS_PER_SAMPLE
        room = Room(
            self.quota_per_second * RATE_WITHIN_QUOTA,
            ENVIRONMENTS * self.max_vcpus,
            self.launches.refill_per_second,
            self.launches.bucket_size,
        )
        return times(PlannedCohort(self.samples, JOBS_PER_SAMPLE, mean, longest), room)

    @property
    def settings(self) -> LocalSettings:
        """A Local AWS with these walls and no others."""
        return LocalSettings(
            quotas={"Batch.SubmitJob": quota_of(self.quota_per_second)},
            job_slots=1_000,
            fargate_launches=self.launches,
        )


SHAPES: Final = (
    Shape(Wall.SUBMIT, 120, 1.0, quota_per_second=8, launches=Quota(100, 20), max_vcpus=256),
    Shape(Wall.LAUNCHES, 120, 1.0, quota_per_second=20, launches=Quota(30, 6), max_vcpus=256),
    Shape(Wall.VCPUS, 60, 4.0, quota_per_second=20, launches=Quota(100, 20), max_vcpus=7),
)


@dataclass(frozen=True)
class Compared:
    """A forecast beside a run.

    Attributes:
        shape: what ran.
        seconds: how long it took.
        failed: executions that did not succeed.
        idle: share of the processors' time; None where it is not known.
    """

    shape: Shape
    seconds: float
    failed: int
    idle: float | None

    @property
    def off(self) -> float:
        """By how much the forecast is off, as a share of the run: above 0 where the run was quicker."""
        return self.shape.forecast.all_done / self.seconds - 1

    @property
    def is_good(self) -> bool:
        """Whether the forecast is close, and named the wall."""
        named = self.shape.forecast.binding is self.shape.wall
        return named and not self.failed and abs(self.off) <= TOLERANCE


def forecast(output: Path, console: Console) -> int:
    """Run all shapes, print and write the results; 0 if every forecast is close."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("what binds", "jobs", "forecast s", "run s", "off", "idle"):
        table.add_column(title, justify="left" if title == "what binds" else "right")
    found = []
    for each in _runs(console):
        found.append(each)
        idle = "" if each.idle is None else f"{each.idle:.0%}"
        said = each.shape.forecast
        table.add_row(
            said.binding,
            f"{each.shape.cohort.jobs}",
            f"{said.all_done:.1f}",
            f"{each.seconds:.1f}",
            f"{each.off:+.1%}",
            idle,
        )
    console.print(table)
    write_json(output / "forecast.json", _document(found))
    return 0 if all(each.is_good for each in found) else 1


def _runs(console: Console) -> Iterator[Compared]:
    for shape in SHAPES:
        console.print(f"{shape.cohort.jobs} jobs, held back by {shape.wall} …")
        yield run(shape)


def run(shape: Shape) -> Compared:
    """Run one shape on a Local AWS of its own; nothing is left running afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="forecast-") as folder,
        LocalAws(shape.settings) as aws,
        CpuSampler() as cpu,
    ):
        contender = Sluice(parameters={"MaxVcpus": str(shape.max_vcpus)})
        ended = contender.run(aws, shape.cohort, Path(folder))
    idle = idle_share(cpu.samples, ended.started_s, ended.ended_s)
    return Compared(shape, ended.ended_s - ended.started_s, ended.failed, idle)


def _document(found: list[Compared]) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "shapes": [
            {
                "wall": each.shape.wall.name,
                "named": each.shape.forecast.binding.name,
                "jobs": each.shape.cohort.jobs,
                "forecastSeconds": round(each.shape.forecast.all_done, 1),
                "seconds": round(each.seconds, 1),
                "off": round(each.off, 4),
                "failed": each.failed,
                "idle": each.idle,
            }
            for each in found
        ],
    }
