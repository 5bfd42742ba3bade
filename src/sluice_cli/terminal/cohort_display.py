"""How a cohort's summary is shown to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sluice.cohorts.model import SampleStatus
from sluice_cli.terminal.durations import samples, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sluice_cli.cohorts.pace import Pace
    from sluice_cli.cohorts.summary import Summary

STYLES: Final = {
    SampleStatus.SUCCEEDED: "green",
    SampleStatus.FAILED: "red",
    SampleStatus.TIMED_OUT: "red",
    SampleStatus.ABORTED: "yellow",
    SampleStatus.RUNNING: "cyan",
}
SAMPLES_SHOWN: Final = 4
BAR_WIDTH: Final = 40


def headline(summary: Summary) -> str:
    """A cohort in one line."""
    cohort = summary.cohort
    state = "cancelled" if cohort.is_cancelled else "over" if cohort.over else "under way"
    return f"{cohort.name}: {summary.ended:,} of {cohort.total:,} samples have ended; {state}"


def counts_table(summary: Summary, *, bars: bool) -> Table:
    """A row a status, those that no sample has left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    total = max(1, summary.cohort.total)
    rows = [(status.value, summary.count(status), style) for status, style in STYLES.items()]
    rows.append(("not started", summary.cohort.total - summary.cohort.started, "dim"))
    for name, count, style in rows:
        if not count:
            continue
        bar = [ProgressBar(total, count, width=BAR_WIDTH, complete_style=style, finished_style=style)]
        table.add_row(Text(f"  {name}", style), f"{count:,}", *(bar if bars else []))
    return table


def failures_table(summary: Summary) -> Table:
    """A row an error, with some of the samples that failed with it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="red")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for error, count in summary.failures.items():
        names = summary.of(error)
        more = ", …" if len(names) > SAMPLES_SHOWN else ""
        shown = ", ".join(names[:SAMPLES_SHOWN]) + more
        # as Text, since brackets in a workflow's own error are no markup
        table.add_row(Text(f"  {error}"), f"{count:,}", shown)
    return table


def whole(
    summary: Summary, *, bars: bool = False, pace: Pace | None = None, waits: Sequence[str] = ()
) -> RenderableType:
    """Everything about a cohort; `waits` says what its last samples wait for."""
    parts: list[RenderableType] = [Text(headline(summary), "bold"), counts_table(summary, bars=bars)]
    if pace is not None:
        parts.append(Text(f"  {pace_line(summary, pace)}", "dim"))
    parts += [Text(f"  waiting: {each}", "cyan") for each in waits]
    if summary.failed:
        parts += [Text("failed with", "bold"), failures_table(summary)]
    return Group(*parts)


def pace_line(summary: Summary, pace: Pace) -> str:
    """The present rate, and when the cohort will be done at it if that can be said."""
    rate, quiet = pace.rate_per_second, pace.quiet_seconds
    left = pace.seconds_left(summary.cohort.total - summary.ended)
    if summary.cohort.over:
        return "done"
    if quiet is None:
        return "no sample has ended since this command began to watch"
    if rate is not None and left is not None:
        return f"{rate * 60:.1f} samples a minute; done in {span(left)} at this rate"
    return f"{samples(summary.cohort.total - summary.ended)} left; the last one ended {span(quiet)} ago"
