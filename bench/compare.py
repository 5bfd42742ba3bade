"""The command `compare`: every contender, run after run, on the same work under the same quotas."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.contenders.roster import CONTENDERS
from bench.measuring import Conditions, measure
from bench.report.page import render_comparison
from bench.report.table import comparison_table, print_wide
from bench.results import Run, document, medians, read_run, write_json
from sluice_local.terminal.display import Display

RESULTS_FILE = "results.json"
REPORT_FILE = "report.html"
_RUNS_FOLDER = "runs"


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes:
        conditions: the same for all.
        contenders: names, in the order of the table.
        runs: of each; the table has the medians.
        output: folder for results, report and the servers' logs.
    """

    conditions: Conditions
    contenders: Sequence[str]
    runs: int
    output: Path


def compare(comparison: Comparison, console: Console) -> int:
    """Run the comparison, print its table and write its results and report; returns the exit status."""
    shutil.rmtree(comparison.output / _RUNS_FOLDER, ignore_errors=True)
    with Display(console, "Starting") as display:
        runs = [
            _run(comparison, name, number, display)
            for number in range(1, comparison.runs + 1)
            for name in comparison.contenders
        ]
        with display.step("Writing the report"):
            results = document(runs, comparison.conditions)
            write_json(comparison.output / RESULTS_FILE, results)
            report = comparison.output / REPORT_FILE
            report.write_text(render_comparison(results), encoding="utf-8")
    print_wide(console, comparison_table(medians(runs)))
    for name, note in {run.contender: run.note for run in runs if run.note}.items():
        console.print(f"{name}: {note}", highlight=False, soft_wrap=True)
    console.print(
        f"figures  {comparison.output / RESULTS_FILE}\nreport   {report}", highlight=False, soft_wrap=True
    )
    return 0


def _run(comparison: Comparison, name: str, number: int, display: Display) -> Run:
    folder = comparison.output / _RUNS_FOLDER / f"{name}-{number}"
    folder.mkdir(parents=True)
    with display.step(f"{name}, run {number} of {comparison.runs}"):
        seen = measure(CONTENDERS[name](), comparison.conditions, folder, display)
    return read_run(name, seen, comparison.conditions)
