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
from bench.machine import describe_machine
from bench.measuring import Conditions, measure
from bench.report import render_growth
from bench.results import PACKAGES, Run, read_run, write_json
from bench.table import TABLE_WIDTH, comparison_table
from sluice_local.demo.display import Display

GROWTH_FILE = "growth.json"
REPORT_FILE = "growth.html"
_RUNS_FOLDER = "growth"


@dataclass(frozen=True)
class Growth:
    """What is measured: the conditions with each of the sizes in turn."""

    conditions: Conditions
    sizes: Sequence[int]
    output: Path


def growth(plan: Growth, console: Console) -> int:
    """Run each size once, print a table and write the figures and a report; returns the exit status."""
    shutil.rmtree(plan.output / _RUNS_FOLDER, ignore_errors=True)
    with Display(console, "Starting") as display:
        runs = {size: _run(plan, size, display) for size in plan.sizes}
        results = growth_document(runs, plan.conditions)
        write_json(plan.output / GROWTH_FILE, results)
        (plan.output / REPORT_FILE).write_text(render_growth(results), encoding="utf-8")
    columns = {f"{size:,}": run.figures for size, run in runs.items()}
    console.print(comparison_table(columns), width=max(console.width, TABLE_WIDTH))
    console.print(memory_table(runs))
    console.print(
        f"figures  {plan.output / GROWTH_FILE}\nreport   {plan.output / REPORT_FILE}", highlight=False
    )
    return 0


def _run(plan: Growth, size: int, display: Display) -> Run:
    conditions = replace(plan.conditions, cohort=replace(plan.conditions.cohort, samples=size))
    folder = plan.output / _RUNS_FOLDER / str(size)
    folder.mkdir(parents=True)
    with display.step(f"{size:,} samples"):
        return read_run("sluice", measure(Sluice(), conditions, folder, display), conditions)


def growth_document(runs: Mapping[int, Run], conditions: Conditions) -> dict[str, Any]:
    """Write out the figures and the functions' memory by size."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": conditions.cohort.seed,
        "meanSeconds": conditions.cohort.mean_seconds,
        "quotaPerSecond": conditions.quota_per_second,
        "machine": describe_machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "sizes": [
            {"samples": size, "figures": asdict(run.figures), "memory_mib": dict(run.memory_mib)}
            for size, run in runs.items()
        ],
    }


def memory_table(runs: Mapping[int, Run]) -> Table:
    """Make the table of the most memory that each function used, in MiB."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("memory at most, MiB")
    for size in runs:
        table.add_column(f"{size:,}", justify="right")
    for name in sorted({name for run in runs.values() for name in run.memory_mib}):
        peaks = (run.memory_mib.get(name) for run in runs.values())
        table.add_row(name, *("-" if peak is None else f"{peak:.0f}" for peak in peaks))
    return table
