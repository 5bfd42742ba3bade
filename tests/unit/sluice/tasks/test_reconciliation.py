from __future__ import annotations

from dataclasses import replace

from sluice.tasks.model import JobRecord
from sluice.tasks.reconciliation import ReconciliationPolicy, Run, diagnose, plan_run
from tests.support.builders import ended, job, open_record

POLICY = ReconciliationPolicy(heartbeat_seconds=300, takeover_seconds=300, overdue_seconds=3600)


def test_a_task_is_due_a_heartbeat_after_the_last_one() -> None:
    assert POLICY.due_before_ms(301_000) == 1000


def test_a_run_ends_before_the_next_one_starts_and_its_submissions_before_the_function_does() -> None:
    planned = plan_run(0, remaining_seconds=900)
    assert planned == Run(begin_until_us=55_000_000, submit_until_us=855_000_000)
    assert plan_run(0, remaining_seconds=60) == Run(15_000_000, 15_000_000)


def test_a_young_unsubmitted_task_is_still_its_pollers() -> None:
    record = open_record(job("align"))
    young, old = (diagnose(record, now_ms=now_ms, policy=POLICY) for now_ms in (299_999, 300_000))
    assert (young.submitting_is_over, young.unsubmitted) == (False, True)
    assert (old.submitting_is_over, old.unsubmitted) == (True, True)


def test_batch_is_asked_only_about_overdue_jobs_that_have_not_ended() -> None:
    record = open_record(job("align"), job("impute"))
    waiting = JobRecord("impute", job_id="2", status=None)
    record = replace(record, jobs={"align": ended("align", "1"), "impute": waiting})
    assert diagnose(record, now_ms=3_599_999, policy=POLICY).describe == ()
    diagnosis = diagnose(record, now_ms=3_600_000, policy=POLICY)
    assert diagnosis.describe == (waiting,)
    assert not diagnosis.unsubmitted


def test_a_job_that_batch_does_not_know_has_vanished_only_after_a_day() -> None:
    record = open_record(job("align"))
    assert not diagnose(record, now_ms=86_399_999, policy=POLICY).forgettable
    assert diagnose(record, now_ms=86_400_000, policy=POLICY).forgettable


def test_a_reconciler_stops_submitting_before_the_next_may_claim_the_task() -> None:
    assert POLICY.submit_seconds == 240
