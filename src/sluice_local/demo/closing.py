"""What the demo says at its end."""

import textwrap
from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from typing import Any

from rich.table import Table
from rich.text import Text

from sluice_local.demo.failures import Failure
from sluice_local.demo.snapshot import SampleState
from sluice_local.demo.summary import SampleRow

ROWS_SHOWN_MAX = 40


def sample_table(rows: Iterable[SampleRow]) -> Table:
    """Make the table of samples; of many, the failed ones and the first are shown."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("sample")
    table.add_column("state")
    for heading in ("align s", "likelihoods s", "impute s", "ended after s", "r² (MAF > 5 %)"):
        table.add_column(heading, justify="right")
    every = sorted(rows, key=lambda row: row.state is not SampleState.FAILED)
    for row in every[:ROWS_SHOWN_MAX]:
        table.add_row(*_cells(row))
    if len(every) > ROWS_SHOWN_MAX:
        table.add_row(f"and {len(every) - ROWS_SHOWN_MAX} more, in the report")
    return table


def _cells(row: SampleRow) -> tuple[str | Text, ...]:
    seconds = (*row.stage_seconds.values(), row.total_seconds)
    return (
        row.sample,
        Text(row.state, "red" if row.state is SampleState.FAILED else "green"),
        *(_number(value, 1) for value in seconds),
        _number(row.r2_maf5, 3),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def summary_lines(figures: Mapping[str, Any], *, width: int) -> str:
    """Say the run's figures in a block of lines, none of them wider than `width` if its words allow it."""
    lines = {
        "samples": f"{figures['succeeded']} of {figures['samples']} succeeded, {figures['failed']} failed",
        "jobs": f"{figures['jobs']}, by {figures['submit_calls']} SubmitJob calls",
        "HTTP 429": figures["submit_throttled"],
        "DescribeJobs": f"{figures['describe_calls']} calls",
        "peak": f"{figures['peak_submits_per_s']} in one second; the quota is {figures['quota_per_s']:g}",
        "mean r²": f"{_number(figures['mean_r2_maf5'], 4)} at allele frequencies above 5 %",
        "waiting": _waiting(figures),
        "time": _time(figures["wall_s"], figures["seconds_by_step"]),
    }
    return "\n".join(_wrapped(f"{name:<14} {text}", width) for name, text in lines.items())


def _wrapped(line: str, width: int) -> str:
    return textwrap.fill(
        line, width, subsequent_indent=" " * 15, break_long_words=False, break_on_hyphens=False
    )


def _waiting(figures: Mapping[str, Any]) -> str:
    woke = f"{_number(figures['first_submit_s'], 1)} s until the pollers woke and submitted"
    hand_over = figures["hand_over_s"]
    if hand_over is None:
        return woke
    return f"{woke}, then {hand_over['median']:.2f} s (median) from a job's end to the next one's submission"


def _time(wall_seconds: float, seconds_by_step: Mapping[str, float]) -> str:
    """Say the whole time and its parts, which add up to it: what one's rounding cuts, the next one gets."""
    whole = round(wall_seconds)
    ends = [min(round(end), whole) for end in accumulate(seconds_by_step.values(), initial=0.0)]
    titles = [*(f"{title[0].lower()}{title[1:]}" for title in seconds_by_step), "the rest"]
    parts = [end - begin for begin, end in pairwise([*ends, whole])]
    told = [f"{title} {part} s" for title, part in zip(titles, parts, strict=True)]
    return f"{whole} s: {', '.join(told if parts[-1] else told[:-1])}"


def failure_text(failure: Failure) -> str:
    """Say why one sample failed, with the end of its job's log, and what to do."""
    head = f"{failure.sample} failed: {failure.error}\n  {failure.reason}\n  {failure.way_out}"
    log = "".join(f"\n  | {line}" for line in failure.log_tail)
    return f"{head}\n  the end of the job's log:{log}" if log else head
