"""The reports of `compare` and `growth`: one self-contained HTML page each, made from the results alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figures
from bench.report.plots import bars, growth_line, rate_panel, throttled_over_time
from bench.report.table import ROWS
from sluice_pages.page import Figure, render_page

_FOLDER = Path(__file__).parent


def render_comparison(results: Mapping[str, Any]) -> str:
    """Return the page of a comparison, given what results.json holds."""
    medians = {name: Figures(**figures) for name, figures in results["median"].items()}
    first_runs = {run["contender"]: run for run in reversed(results["runs"])}
    return render_page(
        _FOLDER / "report.html.jinja",
        _comparison_figures(results, medians, first_runs),
        results=results,
        contenders=list(medians),
        runs=len(results["runs"]) // len(medians),
        notes={name: run["note"] for name, run in first_runs.items() if run["note"]},
        rows=_rows(list(medians.values())),
    )


def _comparison_figures(
    results: Mapping[str, Any], medians: Mapping[str, Figures], first_runs: Mapping[str, Any]
) -> dict[str, Figure]:
    quota = results["conditions"]["quotaPerSecond"]
    panels = {f"rate-{name}": rate_panel(first_runs[name]["series"]["submitted"], quota) for name in medians}
    throttled = {name: first_runs[name]["series"]["throttled"] for name in medians}
    makespans = {name: figures.makespan_of_floor for name, figures in medians.items()}
    costs = {name: figures.usd_per_thousand for name, figures in medians.items()}
    return {
        **panels,
        "throttled": throttled_over_time(throttled),
        "makespan": bars(makespans, "makespan ÷ floor", line_at=1.0),
        "cost": bars(costs, "USD per 1,000 samples"),
    }


def _rows(columns: Sequence[Figures]) -> list[tuple[str, list[str]]]:
    return [(title, [cell(figures) for figures in columns]) for title, cell in ROWS.items()]


def render_growth(results: Mapping[str, Any]) -> str:
    """Return the page of Sluice's growth, given what growth.json holds."""
    samples = [size["samples"] for size in results["sizes"]]
    columns = [Figures(**size["figures"]) for size in results["sizes"]]
    lines: dict[str, tuple[str, list[float | None]]] = {
        "rate": ("submit rate in a backlog ÷ quota", [it.backlog_rate_of_quota for it in columns]),
        "makespan": ("makespan ÷ floor", [it.makespan_of_floor for it in columns]),
        "delay": ("end to next submission, median s", [it.submit_delay_median for it in columns]),
        "cost": ("USD per 1,000 samples", [it.usd_per_thousand for it in columns]),
    }
    return render_page(
        _FOLDER / "growth.html.jinja",
        {name: growth_line(samples, values, axis) for name, (axis, values) in lines.items()},
        results=results,
        samples=samples,
        rows=_rows(columns),
        memory=_memory(results["sizes"]),
    )


def _memory(sizes: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[float | None]]]:
    names = sorted({name for size in sizes for name in size["memory_mib"]})
    return [(name, [size["memory_mib"].get(name) for size in sizes]) for name in names]
