"""The comparison as a person reads it in the terminal: a row a figure, a column a contender."""

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table

from bench.figures import Figures

Cell = Callable[[Figures], str]

TABLE_WIDTH = 120
"""Enough for six contenders; into a file or pipe, rich would cut it to 80 columns."""


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Write a number, or a dash for what did not happen."""
    return "-" if value is None else f"{value:,.{digits}f}{unit}"


def pair(first: float | None, second: float | None) -> str:
    """Write two durations."""
    return f"{number(first, 2)} / {number(second, 2)}"


ROWS: Mapping[str, Cell] = {
    "samples finished": lambda it: number(it.succeeded),
    "samples failed": lambda it: number(it.failed),
    "HTTP 429": lambda it: number(it.throttled),
    "SubmitJob calls": lambda it: number(it.calls["Batch.SubmitJob"]),
    "DescribeJobs calls": lambda it: number(it.calls["Batch.DescribeJobs"]),
    "ListJobs calls": lambda it: number(it.calls["Batch.ListJobs"]),
    "GetActivityTask calls": lambda it: number(it.calls["States.GetActivityTask"]),
    "submit rate ÷ quota in a backlog": lambda it: number(it.backlog_rate_of_quota, 3),
    "seconds with a backlog": lambda it: number(it.backlog_seconds, 1),
    "processors idle meanwhile": lambda it: number(_percent(it.idle_share_in_backlog), 0, " %"),
    "makespan, s": lambda it: number(it.makespan_seconds, 1),
    "makespan ÷ floor": lambda it: number(it.makespan_of_floor, 3),
    "first submission after, s": lambda it: number(it.first_submit_seconds, 2),
    "job's end to next submit, s (p50 / p99)": lambda it: pair(it.submit_delay_median, it.submit_delay_p99),
    "job's end to next start, s (p50 / p99)": lambda it: pair(it.start_delay_median, it.start_delay_p99),
    "state transitions": lambda it: number(it.transitions),
    "Lambda GB-seconds": lambda it: number(it.gb_seconds, 1),
    "DynamoDB write / read units": lambda it: f"{number(it.write_units)} / {number(it.read_units)}",
    "USD per 1,000 samples": lambda it: number(it.usd_per_thousand, 3),
    "events of the longest history": lambda it: number(it.events_longest),
}


def comparison_table(medians: Mapping[str, Figures]) -> Table:
    """Make the table of the medians."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in medians:
        table.add_column(name, justify="right", no_wrap=True)
    for title, cell in ROWS.items():
        table.add_row(title, *(cell(figures) for figures in medians.values()))
    return table


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def print_wide(console: Console, table: Table) -> None:
    """Print a table where `console` does, as wide as it needs: a pipe's 80 columns would cut it."""
    wide = Console(file=console.file, width=max(console.width, TABLE_WIDTH))
    wide.print(table)
