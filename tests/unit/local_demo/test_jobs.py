"""Jobs and calls from the observation pages."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sluice_local.demo.jobs import ApiFigures, JobRow, Stage, read_calls, read_jobs
from tests.unit.local_demo.building import a_job

per_second = st.dictionaries(st.integers(0, 50), st.tuples(st.integers(0, 9), st.integers(0, 9)))


def row(**given_: Any) -> dict[str, Any]:
    usual = {
        "jobId": "1",
        "jobName": "impute-00ff00ff00ff00ff",
        "status": "FAILED",
        "parameters": {"sample": "NA1", "taskJob": "impute"},
        "createdAt": 1,
        "startedAt": 2,
        "stoppedAt": 5,
        "exitCode": 1,
        "statusReason": "Essential container in task exited",
    }
    return {**usual, **given_}


def test_a_row_of_the_page_becomes_a_job_of_its_sample() -> None:
    expected = JobRow("1", "NA1", Stage.IMPUTE, "FAILED", 1, 2, 5, 1, "Essential container in task exited")
    assert read_jobs({"jobs": [row()]}) == (expected,)


def test_a_job_that_has_not_started_has_no_times() -> None:
    fresh = {name: value for name, value in row(status="RUNNABLE").items() if name in FRESH}
    (job,) = read_jobs({"jobs": [fresh]})
    assert (job.waited_seconds, job.ran_seconds, job.exit_code) == (None, None, None)


FRESH = {"jobId", "jobName", "status", "parameters", "createdAt"}


def test_jobs_of_other_workflows_are_left_out() -> None:
    others = [row(parameters={}), row(jobName="sort-00ff00ff00ff00ff"), row(jobName="impute")]
    assert read_jobs({"jobs": others}) == ()


def test_waiting_and_running_are_told_apart() -> None:
    job = a_job(created_at_ms=1_000, started_at_ms=3_500, stopped_at_ms=4_000)
    assert (job.waited_seconds, job.ran_seconds) == (2.5, 0.5)


def test_calls_are_read_with_their_seconds() -> None:
    submit = {"count": 3, "throttled": 1, "per_second": {"100": [2, 0], "102": [0, 1]}}
    calls = read_calls({"calls": {"Batch.SubmitJob": submit, "S3.PUT": {}}})
    assert calls.submit == ApiFigures(3, 1, {100: (2, 0), 102: (0, 1)})
    assert calls.describe == ApiFigures()


@given(per_second)
def test_the_series_has_every_second_once_and_loses_no_call(pairs: dict[int, tuple[int, int]]) -> None:
    series = ApiFigures(per_second=pairs).series()
    seconds = [second for second, _, _ in series]
    assert seconds == list(range(min(pairs, default=0), max(pairs, default=-1) + 1))
    assert sum(accepted for _, accepted, _ in series) == sum(pair[0] for pair in pairs.values())
    assert sum(throttled for _, _, throttled in series) == sum(pair[1] for pair in pairs.values())


@given(per_second)
def test_no_second_is_above_the_peak(pairs: dict[int, tuple[int, int]]) -> None:
    figures = ApiFigures(per_second=pairs)
    assert figures.peak_per_second == max((figures.in_second(second) for second in range(51)), default=0)
