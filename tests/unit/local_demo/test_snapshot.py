"""What the cohort is doing, counted."""

from hypothesis import given
from hypothesis import strategies as st

from sluice_local.demo.jobs import ApiFigures, Stage
from sluice_local.demo.snapshot import SampleState, sample_states, take_snapshot
from tests.unit.local_demo.building import a_job, an_observation, three_jobs

BATCH_STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
EXECUTION_STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")

jobs = st.builds(
    a_job, st.sampled_from(["A", "B", "C"]), st.sampled_from(Stage), status=st.sampled_from(BATCH_STATUSES)
)
executions = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.sampled_from(EXECUTION_STATUSES))


def test_a_sample_waits_until_its_first_job_is_submitted() -> None:
    running = {"NA1": "RUNNING", "NA2": "RUNNING"}
    assert sample_states(running, [a_job("NA2", status="RUNNABLE")]) == {
        "NA1": SampleState.WAITING,
        "NA2": SampleState.ALIGNING,
    }


def test_a_sample_is_at_the_stage_of_its_newest_job() -> None:
    states = sample_states({"NA1": "RUNNING"}, three_jobs("NA1"))
    assert states == {"NA1": SampleState.IMPUTING}


def test_a_workflow_that_ended_without_success_has_failed() -> None:
    ended = dict.fromkeys(["FAILED", "TIMED_OUT", "ABORTED"])
    assert set(sample_states({name: name for name in ended}, []).values()) == {SampleState.FAILED}


@given(executions, st.lists(jobs))
def test_every_sample_and_every_job_is_counted_once(statuses: dict[str, str], rows: list[object]) -> None:
    snapshot = take_snapshot(an_observation(statuses, rows), quota_per_second=50)  # type: ignore[arg-type]
    assert sum(snapshot.samples.values()) == len(statuses)
    assert sum(snapshot.jobs.values()) == len(rows)
    assert snapshot.jobs_planned == 3 * len(statuses)


def test_the_rate_of_now_is_that_of_the_last_full_second() -> None:
    submit = ApiFigures(9, 2, {1_008: (6, 0), 1_009: (1, 1), 1_010: (0, 1)})
    snapshot = take_snapshot(an_observation({}, submit=submit), quota_per_second=50)
    assert (snapshot.submits_now, snapshot.submits_peak, snapshot.throttled) == (2, 6, 2)


def test_a_cohort_is_over_when_every_workflow_has_ended() -> None:
    assert an_observation({"NA1": "SUCCEEDED", "NA2": "FAILED"}).is_over
    assert not an_observation({"NA1": "SUCCEEDED", "NA2": "RUNNING"}).is_over
