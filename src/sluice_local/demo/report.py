"""The report: one self-contained HTML page."""

from pathlib import Path
from typing import Any

from sluice_local.demo.figures import Figure, accuracy_by_frequency, submit_rate, timeline
from sluice_local.demo.outcome import Run
from sluice_local.demo.summary import sample_rows, summary
from sluice_pages.page import render_page

FAILURES_SHOWN_MAX = 10
_TEMPLATE = Path(__file__).with_name("report.html.jinja")


def render_report(run: Run) -> str:
    """Return the page; it loads nothing from anywhere."""
    return render_page(
        _TEMPLATE,
        _figures(run),
        summary=summary(run),
        rows=sample_rows(run),
        failures=run.failures,
        failures_shown_max=FAILURES_SHOWN_MAX,
    )


def _figures(run: Run) -> dict[str, Figure]:
    seen, mean = run.seen, run.accuracy.mean
    quota = run.settings.quota_per_second
    figures: dict[str, Any] = {
        "timeline": timeline(seen.jobs, list(seen.executions), started_at_ms=run.started_at_ms),
        "rate": submit_rate(seen.calls.submit, quota_per_second=quota, started_at_ms=run.started_at_ms),
    }
    if mean is not None:
        figures["accuracy"] = accuracy_by_frequency(run.accuracy.samples.values(), mean)
    return figures
