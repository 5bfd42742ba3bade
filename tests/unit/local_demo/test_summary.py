"""The figures of a run."""

import json

from hypothesis import given
from hypothesis import strategies as st

from sluice_local.demo.jobs import Stage
from sluice_local.demo.snapshot import SampleState
from sluice_local.demo.summary import first_submit_seconds, hand_over_seconds, sample_rows, summary
from sluice_local.lowpass.accuracy import CohortAccuracy
from tests.unit.local_demo.building import (
    STARTED_AT_MS,
    a_job,
    a_run,
    an_accuracy,
    an_observation,
    three_jobs,
)


def test_the_summary_holds_what_readers_of_the_file_rely_on() -> None:
    figures = summary(a_run())
    expected = {
        "samples": 2,
        "succeeded": 1,
        "failed": 1,
        "jobs": 6,
        "submit_calls": 7,
        "submit_throttled": 1,
        "describe_calls": 0,
        "peak_submits_per_s": 5,
        "quota_per_s": 50,
        "wall_s": 60.0,
        "mean_r2_maf5": 0.9,
        "sluice_version": "0.1.0",
    }
    assert {name: figures[name] for name in expected} == expected
    assert json.loads(json.dumps(figures))["failures"][0]["error"] == "Job.Failed"


def test_a_sample_has_the_seconds_of_each_job_and_its_accuracy() -> None:
    done, failed = sample_rows(a_run())
    assert done.state is SampleState.DONE
    assert done.stage_seconds == {Stage.ALIGN: 3, Stage.LIKELIHOODS: 3, Stage.IMPUTE: 3}
    assert (done.total_seconds, done.r2_maf5) == (31, 0.9)
    assert (failed.state, failed.r2_maf5) == (SampleState.FAILED, None)


def test_a_stage_that_was_tried_again_ran_as_long_as_all_its_tries() -> None:
    again = [a_job(stopped_at_ms=STARTED_AT_MS + 9_000, status="FAILED"), a_job()]
    (row,) = sample_rows(a_run(an_observation({"NA1": "RUNNING"}, again)))
    assert row.stage_seconds[Stage.ALIGN] == 4


def test_a_run_of_which_nothing_came_has_no_figures_rather_than_wrong_ones() -> None:
    figures = summary(a_run(an_observation({"NA1": "FAILED"}), accuracy=CohortAccuracy({})))
    assert figures["mean_r2_maf5"] is None
    assert figures["first_submit_s"] is None
    assert figures["hand_over_s"] is None
    assert figures["per_sample"][0]["total_s"] is None


def test_a_bin_in_which_no_sample_varies_has_no_mean() -> None:
    accuracy = CohortAccuracy({"NA1": an_accuracy(None)})
    assert summary(a_run(accuracy=accuracy))["mean_r2_maf5"] is None


def test_the_waking_of_the_pollers_is_told() -> None:
    assert first_submit_seconds(a_run()) == 6


def test_a_hand_over_lasts_from_a_jobs_end_to_the_samples_next_submission() -> None:
    both = sorted([*three_jobs("NA1"), *three_jobs("NA2")], key=lambda job: job.created_at_ms)
    assert hand_over_seconds(both) == (5, 5, 5, 5)
    assert summary(a_run())["hand_over_s"] == {"median": 5, "max": 5}


@given(st.permutations(range(6)))
def test_samples_do_not_mix_in_hand_overs(order: list[int]) -> None:
    firsts = [a_job(f"NA{number}") for number in order]
    assert hand_over_seconds(firsts) == ()
