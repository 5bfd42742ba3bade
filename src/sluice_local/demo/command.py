"""The command `demo`: shows a run, writes its summary and report, and tells the exit status."""

import json

from rich.console import Console

from sluice_local.demo.closing import failure_text, sample_table, summary_lines
from sluice_local.demo.outcome import Run
from sluice_local.demo.report import render_report
from sluice_local.demo.run import LOCAL_AWS_FOLDER, run_demo
from sluice_local.demo.settings import DemoSettings
from sluice_local.demo.summary import sample_rows, summary
from sluice_local.output import write_whole
from sluice_local.terminal.display import Display

SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"
FAILURES_SHOWN_MAX = 5


def demo(settings: DemoSettings, console: Console) -> int:
    """Run the demo and return its exit status: 0 if every sample succeeded, else 1."""
    with Display(console, "Choosing the samples") as display:
        run = run_demo(settings, display)
        with display.step("Writing the report"):
            _write(run)
    _conclude(run, console)
    return 1 if run.failures else 0


def _write(run: Run) -> None:
    """Replace the results of the run before, which stay until there are new ones."""
    folder, report = run.settings.output, render_report(run)
    write_whole(folder / SUMMARY_FILE, json.dumps(summary(run), indent=2) + "\n")
    write_whole(folder / REPORT_FILE, report)


def _conclude(run: Run, console: Console) -> None:
    folder = run.settings.output
    console.print()
    console.print(sample_table(sample_rows(run)))
    for failure in run.failures[:FAILURES_SHOWN_MAX]:
        _print(console, f"\n{failure_text(failure)}", style="red")
    if len(run.failures) > FAILURES_SHOWN_MAX:
        _print(
            console, f"\nand {len(run.failures) - FAILURES_SHOWN_MAX} more failed; the report has them all"
        )
    _print(console, f"\n{summary_lines(summary(run), width=console.width)}")
    for name, path in (("report", REPORT_FILE), ("figures", SUMMARY_FILE), ("logs", LOCAL_AWS_FOLDER)):
        _print(console, f"{name:<14} {folder / path}")


def _print(console: Console, text: str, *, style: str | None = None) -> None:
    """Print a text as it is: lines that are too long are the terminal's to wrap."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
