"""The report's charts."""

import json

from lowpass.imputation.accuracy import mean_accuracy
from sluice_local.demo.figures import accuracy_by_frequency, submit_rate, timeline
from sluice_local.demo.jobs import ApiFigures, Stage
from tests.unit.local_demo.building import STARTED_AT_MS, a_job, an_accuracy, three_jobs


def test_a_job_waits_and_then_runs_on_its_samples_row() -> None:
    figure = timeline([a_job("NA2")], ["NA1", "NA2"], started_at_ms=STARTED_AT_MS)
    traces = {trace["name"]: trace for trace in figure["data"]}
    waiting, align = traces["waiting in the queue"], traces["align"]
    assert (waiting["base"], waiting["x"], waiting["y"]) == ([6.0], [2.0], [1])
    assert (align["base"], align["x"], align["y"]) == ([8.0], [3.0], [1])
    assert align["customdata"] == [["NA2", "align", 2.0, 3.0, 0]]
    assert traces["impute"]["y"] == []


def test_a_failed_job_has_the_colour_of_failure() -> None:
    figure = timeline(three_jobs("NA1", "FAILED"), ["NA1"], started_at_ms=STARTED_AT_MS)
    traces = {trace["name"]: trace for trace in figure["data"]}
    assert traces["failed"]["customdata"][0][1] == Stage.IMPUTE
    assert traces["impute"]["y"] == []


def test_a_job_that_never_started_is_not_drawn() -> None:
    waiting = a_job(started_at_ms=None, stopped_at_ms=None, status="FAILED")
    figure = timeline([waiting], ["NA1"], started_at_ms=STARTED_AT_MS)
    assert all(trace["y"] == [] for trace in figure["data"])


def test_a_thousand_samples_stay_on_a_page_without_a_thousand_labels() -> None:
    samples = [f"NA{number}" for number in range(1000)]
    layout = timeline([], samples, started_at_ms=0)["layout"]
    assert layout["height"] < 1200
    assert "ticktext" not in layout["yaxis"]
    assert timeline([], samples[:12], started_at_ms=0)["layout"]["yaxis"]["ticktext"] == samples[:12]


def test_the_rate_shows_quiet_seconds_throttled_calls_and_the_quota() -> None:
    submit = ApiFigures(4, 1, {1_002: (2, 1), 1_004: (1, 0)})
    accepted, throttled, quota = submit_rate(submit, quota_per_second=5, started_at_ms=STARTED_AT_MS)["data"]
    assert (accepted["x"], accepted["y"]) == ([2, 3, 4], [2, 0, 1])
    assert throttled["y"] == [1, 0, 0]
    assert quota["y"] == [5, 5]


def test_accuracy_leaves_out_bins_that_have_none() -> None:
    samples = [an_accuracy(0.8), an_accuracy(0.9)]
    spread, mean = accuracy_by_frequency(samples, mean_accuracy(samples))["data"]
    assert (spread["x"], spread["y"]) == (["5 to 50 %", "5 to 50 %"], [0.8, 0.9])
    assert mean["y"][0] is None
    assert mean["customdata"] == [80, 20]


def test_a_figure_is_json() -> None:
    figure = timeline(three_jobs("NA1"), ["NA1"], started_at_ms=STARTED_AT_MS)
    assert json.loads(json.dumps(figure)) == figure
