"""What the demo says at its end."""

import io
import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sluice_local.demo.closing import ROWS_SHOWN_MAX, failure_text, sample_table, summary_lines
from sluice_local.demo.summary import SampleRow, sample_rows, summary
from tests.unit.local_demo.building import FAILURE, a_run, an_observation


def shown(rows: Iterable[SampleRow]) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=100).print(sample_table(rows))
    return text.getvalue().splitlines()


def test_the_failed_samples_come_first() -> None:
    lines = shown(sample_rows(a_run()))
    assert lines[1].split() == ["NA2", "failed", "3.0", "3.0", "3.0", "31.0", "-"]
    assert lines[2].split() == ["NA1", "done", "3.0", "3.0", "3.0", "31.0", "0.900"]


def test_a_long_table_says_how_many_more_there_are() -> None:
    executions = {f"NA{number}": "SUCCEEDED" for number in range(ROWS_SHOWN_MAX + 5)}
    lines = shown(sample_rows(a_run(an_observation(executions))))
    assert len(lines) == ROWS_SHOWN_MAX + 2
    assert "and 5 more, in the report" in " ".join(lines[-1].split())


def test_the_summary_says_what_matters() -> None:
    lines = summary_lines(summary(a_run()), width=200)
    assert "1 of 2 succeeded, 1 failed" in lines
    assert "5 in one second; the quota is 50" in lines
    assert "6.0 s until the pollers woke and submitted, then 5.00 s (median)" in lines
    assert "60 s: starting Local AWS 1 s, running the workflows 40 s, the rest 19 s" in lines


@given(st.lists(st.floats(0.01, 500), max_size=8), st.floats(0, 20))
def test_the_parts_of_the_time_add_up_to_it(steps: list[float], rest: float) -> None:
    seconds_by_step = {f"step {chr(ord('a') + number)}": seconds for number, seconds in enumerate(steps)}
    figures = summary(a_run(seconds_by_step=seconds_by_step, wall_seconds=sum(steps) + rest))
    (line,) = (line for line in summary_lines(figures, width=1_000).splitlines() if line.startswith("time"))
    whole, *parts = (int(number) for number in re.findall(r"(\d+) s\b", line))
    assert whole == sum(parts)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_lines_wrap_at_words(width: int) -> None:
    wrapped = summary_lines(summary(a_run()), width=width).splitlines()
    assert max(map(len, wrapped)) <= width
    whole = summary_lines(summary(a_run()), width=1_000)
    assert " ".join(wrapped).split() == whole.split()


def test_a_failure_is_told_with_the_way_out_and_the_log() -> None:
    assert failure_text(FAILURE).splitlines() == [
        "NA2 failed: Job.Failed",
        "  job impute: Essential container in task exited (exit code 1)",
        "  The program itself ended with an error: its log says why.",
        "  the end of the job's log:",
        "  | lowpass impute: <no site> of the panel has a read",
    ]
