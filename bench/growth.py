"""The command `growth`: Sluice alone, with cohorts of several sizes."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.contenders.sluice import Sluice
from bench.figures import Figures
from bench.machine import describe_machine
from bench.measuring import Conditions, measure
from bench.report.page import render_growth
from bench.report.table import comparison_table, print_wide
from bench.results import PACKAGES, Run, median_figures, read_run, write_json
from sluice_local.terminal.display import Display

GROWTH_FILE = "growth.json"
REPORT_FILE = "growth.html"
_RUNS_FOLDER = "growth"


@dataclass(frozen=True)
class Growth:
    """What is measured: the conditions with each of the sizes in turn, `runs` times."""

    conditions: Conditions
    sizes: Sequence[int]
    runs: int
    output: Path


@dataclass(frozen=True)
class Grown:
    """One size: its runs, the medians of their figures, and the most memory by function in MiB."""

    runs: Sequence[Run]

    @property
    def figures(self) -> Figures:
        """The medians."""
        return median_figures([run.figures for run in self.runs])

    @property
    def memory_mib(self) -> dict[str, float]:
        """The most that any run saw."""
        names = sorted({name for run in self.runs for name in run.memory_mib})
        return {name: max(run.memory_mib.get(name, 0.0) for run in self.runs) for name in names}


def growth(plan: Growth, console: Console) -> int:
    """Run each size, print a table and write the figures and a report; returns the exit status."""
    shutil.rmtree(plan.output / _RUNS_FOLDER, ignore_errors=True)
    with Display(console, "Starting") as display:
        seen: dict[int, list[Run]] = {size: [] for size in plan.sizes}
        for number in range(1, plan.runs + 1):
            for size, runs in seen.items():
                runs.append(_run(plan, size, number, display))
        grown = {size: Grown(runs) for size, runs in seen.items()}
        results = growth_document(grown, plan.conditions)
        write_json(plan.output / GROWTH_FILE, results)
        (plan.output / REPORT_FILE).write_text(render_growth(results), encoding="utf-8")
    columns = {f"{size:,}": each.figures for size, each in grown.items()}
    print_wide(console, comparison_table(columns))
    console.print(memory_table(grown))
    console.print(
        f"figures  {plan.output / GROWTH_FILE}\nreport   {plan.output / REPORT_FILE}", highlight=False
    )
    return 0


def _run(plan: Growth, size: int, number: int, display: Display) -> Run:
    conditions = replace(plan.conditions, cohort=replace(plan.conditions.cohort, samples=size))
    folder = plan.output / _RUNS_FOLDER / f"{size}-{number}"
    folder.mkdir(parents=True)
    with display.step(f"{size:,} samples, run {number} of {plan.runs}"):
        return read_run("sluice", measure(Sluice(), conditions, folder, display), conditions)


def growth_document(grown: Mapping[int, Grown], conditions: Conditions) -> dict[str, Any]:
    """Write out by size the medians, the functions' memory, and the figures of each run."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": conditions.cohort.seed,
        "meanSeconds": conditions.cohort.mean_seconds,
        "quotaPerSecond": conditions.quota_per_second,
        "machine": describe_machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "sizes": [
            {
                "samples": size,
                "figures": asdict(each.figures),
                "memory_mib": each.memory_mib,
                "runs": [asdict(run.figures) for run in each.runs],
            }
            for size, each in grown.items()
        ],
    }


def memory_table(grown: Mapping[int, Grown]) -> Table:
    """Make the table of the most memory that each function used, in MiB."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("memory at most, MiB")
    for size in grown:
        table.add_column(f"{size:,}", justify="right")
    for name in sorted({name for each in grown.values() for name in each.memory_mib}):
        peaks = (each.memory_mib.get(name) for each in grown.values())
        table.add_row(name, *("-" if peak is None else f"{peak:.0f}" for peak in peaks))
    return table
