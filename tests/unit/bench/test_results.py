"""Results, medians, the table and the pages."""

import json
import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.growth import Grown, growth_document, memory_table
from bench.measuring import Conditions
from bench.report.page import render_comparison, render_growth
from bench.report.table import ROWS, comparison_table, number, print_wide
from bench.results import Run, document, medians, read_run
from tests.unit.bench.building import a_job, a_seen, an_api

CONDITIONS = Conditions(Cohort(2, 3, 2.0), 5.0)


def a_run(contender: str = "sluice", makespan: float = 10.0, note: str = "") -> Run:
    calls = {"Batch.SubmitJob": an_api({1000: (2, 1), 1002: (1, 0)})}
    ended = Ended(2, 0, 1000.0, 1000.0 + makespan, note)
    seen = a_seen(a_job("s0000", 1, 2, 3), ended=ended, calls=calls, memory_mib={"submit": 81.4})
    return read_run(contender, seen, CONDITIONS)


def test_the_series_begin_at_the_hand_over() -> None:
    series = a_run().series
    assert series.submitted == ((0, 2, 1), (2, 1, 0))
    assert series.throttled == ((0, 1),)


def test_medians_are_taken_figure_by_figure_and_skip_what_did_not_happen() -> None:
    runs = [a_run(makespan=seconds) for seconds in (30.0, 10.0, 20.0)]
    runs[0] = replace(runs[0], figures=replace(runs[0].figures, submit_delay_median=4.0))
    found = medians([*runs, a_run("sync", 99.0)])
    assert found["sluice"].makespan_seconds == 20.0
    assert found["sluice"].submit_delay_median == 4.0
    assert found["sluice"].start_delay_p99 is None
    assert found["sluice"].calls["Batch.SubmitJob"] == 4
    assert found["sync"].makespan_seconds == 99.0


def test_the_document_says_all_that_a_run_depends_on_and_is_json() -> None:
    written = json.loads(json.dumps(document([a_run()], CONDITIONS)))
    assert written["conditions"]["seed"] == 3
    assert written["conditions"]["quotaPerSecond"] == 5.0
    assert {"system", "cpus", "memoryMib", "python"} <= written["machine"].keys()
    assert "ministack" in written["versions"]
    assert written["runs"][0]["usd"].keys() == {"step_functions", "functions", "tables", "queues"}


def test_the_table_has_a_column_a_contender_and_a_row_a_figure() -> None:
    shown = StringIO()
    table = comparison_table(medians([a_run("sluice"), a_run("sync")]))
    Console(file=shown, width=200).print(table)
    lines = shown.getvalue().splitlines()
    assert lines[0].split() == ["sluice", "sync"]
    assert len(lines) == 1 + len(ROWS)


def test_no_contenders_name_is_cut_where_the_table_goes_into_a_pipe() -> None:
    shown = StringIO()
    figures = medians(
        a_run(name) for name in ("sluice", "job-poller", "sync", "sync-retry", "snakemake", "redun")
    )
    print_wide(Console(file=shown, width=80), comparison_table(figures))
    assert shown.getvalue().splitlines()[0].split() == list(figures)


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (1234.5, "1,234.50"), (0, "0.00")])
def test_what_did_not_happen_is_a_dash(value: float | None, text: str) -> None:
    assert number(value, 2) == text


def test_the_page_shows_each_contender_with_its_note_and_loads_nothing() -> None:
    runs = [a_run("sluice", note="49/50 <of> the quota"), a_run("sync")]
    page = render_comparison(json.loads(json.dumps(document(runs, CONDITIONS))))
    assert 'id="rate-sluice"' in page
    assert 'id="rate-sync"' in page
    assert "49/50 &lt;of&gt; the quota" in page
    around_plotly = page.partition("<script>")[0] + page.rpartition("<script>")[2]
    assert not re.findall(r"\bsrc=|<link\b(?! rel=.icon. href=.data:)|@import|url\(|https?:", around_plotly)


def test_growth_is_told_by_size_with_the_functions_memory() -> None:
    more = replace(a_run(makespan=14.0), memory_mib={"submit": 90.0, "handle": 70.0})
    grown = {10: Grown([a_run()]), 20: Grown([a_run(), more])}
    written = json.loads(json.dumps(growth_document(grown, CONDITIONS)))
    assert written["sizes"][1]["figures"]["makespan_seconds"] == 12.0
    page = render_growth(written)
    assert "submit, MiB at most" in page
    shown = StringIO()
    Console(file=shown, width=100).print(memory_table(grown))
    assert [line.split() for line in shown.getvalue().splitlines()[1:]] == [
        ["handle", "-", "70"],
        ["submit", "81", "90"],
    ]
