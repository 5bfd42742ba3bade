from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.tasks import completion
from sluice.tasks.model import Failed, Succeeded, TaskState
from tests.support.builders import detail, ended, job, open_record
from tests.support.fakes import MemoryTaskStore

if TYPE_CHECKING:
    from sluice.tasks.model import JobRecord, Outcome, TaskRecord

CHAIN = (job("align"), job("likelihoods", "align"), job("impute", "likelihoods"))


def with_jobs(record: TaskRecord, *jobs: JobRecord) -> TaskRecord:
    return replace(record, jobs={**record.jobs, **{each.name: each for each in jobs}})


def failure(record: TaskRecord) -> tuple[str, dict[str, Any]]:
    outcome = completion.decide(record)
    assert isinstance(outcome, Failed)
    return outcome.error, json.loads(outcome.cause)


def test_a_task_is_not_over_while_a_job_runs() -> None:
    assert completion.decide(with_jobs(open_record(*CHAIN), ended("align", "1"))) is None


def test_the_output_holds_each_job_in_batchs_own_words() -> None:
    outcome = completion.decide(with_jobs(open_record(job("align")), ended("align", "1")))
    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.output) == {
        "jobs": {
            "align": {
                "jobId": "1",
                "status": "SUCCEEDED",
                "attempts": 1,
                "createdAt": 1000,
                "startedAt": 2000,
                "stoppedAt": 3000,
                "exitCode": 0,
                "logStreamName": "align/default/1",
            }
        }
    }


def test_a_failed_job_ends_a_fail_fast_task_at_once() -> None:
    error, cause = failure(with_jobs(open_record(*CHAIN), ended("align", "1", "FAILED")))
    assert error == "Job.Failed"
    assert (cause["job"], cause["exitCode"], cause["logStreamName"]) == ("align", 1, "align/default/1")


def test_a_failed_job_of_another_task_waits_for_the_rest() -> None:
    record = open_record(job("a"), job("b"), failFast=False)
    assert completion.decide(with_jobs(record, ended("a", "1", "FAILED"))) is None
    error, _ = failure(with_jobs(record, ended("a", "1", "FAILED"), ended("b", "2")))
    assert error == "Job.Failed"


def test_the_cause_is_the_job_that_failed_first_in_the_chain_of_dependencies() -> None:
    record = with_jobs(
        open_record(*CHAIN),
        ended("impute", "3", "FAILED", statusReason="Dependent Job failed", container={}),
        ended("likelihoods", "2", "FAILED", statusReason="Dependent Job failed", container={}),
        ended("align", "1", "FAILED", container={"exitCode": 137, "reason": "OutOfMemoryError: killed"}),
    )
    error, cause = failure(record)
    assert (error, cause["job"]) == ("Job.OutOfMemory", "align")


def doomed(name: str, job_id: str) -> JobRecord:
    return ended(name, job_id, "FAILED", statusReason="Dependent Job failed", container={})


def test_a_fail_fast_task_waits_for_the_job_that_says_why_its_dependents_failed() -> None:
    record = with_jobs(open_record(*CHAIN), doomed("impute", "3"), doomed("likelihoods", "2"))
    assert completion.decide(record) is None
    reclaimed = ended("align", "1", "FAILED", statusReason="Host EC2 (instance i-1) terminated.")
    assert failure(with_jobs(record, reclaimed))[0] == "Job.SpotInterruption"


def test_a_job_whose_dependency_of_another_task_failed_ends_a_fail_fast_task_at_once() -> None:
    record = open_record(job("align", dependsOn=[{"jobId": "of-another-task"}]), job("other"))
    error, cause = failure(with_jobs(record, doomed("align", "1")))
    assert (error, cause["job"]) == ("Job.DependencyFailed", "align")


def test_jobs_that_batch_ends_itself_are_not_stopped() -> None:
    record = with_jobs(
        open_record(*CHAIN, job("report")),
        ended("align", "1", "FAILED"),
        replace(ended("likelihoods", "2"), status="PENDING"),
        replace(ended("report", "4"), status=None),
    )
    assert [each.name for each in completion.jobs_to_stop(record)] == ["report"]


def test_an_array_that_depends_on_a_failed_one_child_by_child_is_stopped() -> None:
    child_by_child = {"jobName": "align", "type": "N_TO_N"}
    record = with_jobs(
        open_record(job("align"), job("likelihoods", dependsOn=[child_by_child])),
        ended("align", "1", "FAILED"),
        replace(ended("likelihoods", "2"), status=None),
    )
    assert [each.name for each in completion.jobs_to_stop(record)] == ["likelihoods"]


@pytest.mark.parametrize("reason", ["x" * 100_000, "\u2603" * 100_000, '"\\' * 60_000])
def test_a_cause_fits_step_functions_and_stays_json(reason: str) -> None:
    outcome = completion.rejection("align", reason)
    assert len(outcome.cause) <= completion.MAX_CAUSE
    assert json.loads(outcome.cause)["job"] == "align"


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.none())))
def test_no_detail_makes_reading_it_fail(body: dict[str, Any]) -> None:
    assert completion.job_record("align", body).name == "align"


def outcome_of(record: TaskRecord, events: list[JobRecord]) -> tuple[Outcome | None, list[Outcome]]:
    """Plays events into a store as the handler does; the last outcome, and every one that was sent."""
    store = MemoryTaskStore({record.task.token: record})
    sent = []
    for event in events:
        noted = store.note_job(record.task.token, event).record
        assert noted is not None
        outcome = completion.decide(noted) if noted.state is TaskState.OPEN else None
        if outcome is not None:
            sent.append(outcome)
            store.close(record.task.token, outcome.state, 0, settle_from_ms=None)
    return completion.decide(store.records[record.task.token]), sent


@given(st.data())
def test_any_order_duplicates_and_late_events_give_the_same_outcome(data: st.DataObject) -> None:
    jobs = [job("a"), job("b"), job("c", "a"), job("d")]
    statuses = {each["jobName"]: data.draw(st.sampled_from(["SUCCEEDED", "FAILED"])) for each in jobs}
    final = [ended(name, f"id-{name}", status) for name, status in statuses.items()]
    # a late event of the other status, as a retried attempt's might look, must not count
    late = [ended(name, f"id-{name}", "FAILED") for name in statuses]
    order = data.draw(st.permutations(final))
    duplicates = data.draw(st.lists(st.sampled_from(final), max_size=8))
    record = open_record(*jobs, failFast=False)

    expected, _ = outcome_of(record, final)
    outcome, sent = outcome_of(record, [*order, *duplicates, *late])

    assert outcome == expected
    assert sent == [expected]


@given(st.permutations(["a", "b", "c"]), st.sampled_from(["a", "b", "c"]))
def test_a_fail_fast_task_is_told_once_of_its_failure(order: list[str], bad: str) -> None:
    record = open_record(job("a"), job("b"), job("c"))
    events = [ended(name, name, "FAILED" if name == bad else "SUCCEEDED") for name in order]
    _, sent = outcome_of(record, events)
    (outcome,) = sent
    assert isinstance(outcome, Failed)
    assert json.loads(outcome.cause)["job"] == bad


def test_a_job_that_batch_forgot_counts_as_failed() -> None:
    record = completion.job_record("align", completion.vanished("1"))
    assert (record.ended, record.error) == (True, "Job.Failed")
    assert "does not know this job" in str(record.reason)


def test_a_detail_of_a_running_job_has_not_ended() -> None:
    assert not completion.job_record("align", detail("1", "RUNNING")).ended
