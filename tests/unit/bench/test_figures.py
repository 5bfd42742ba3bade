"""The figures of a run, against numbers computed by hand."""

import pytest

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.figures import (
    compute_figures,
    floor_seconds,
    percentile,
    start_delays,
    submit_delays,
    throttled_per_second,
)
from sluice_local.observing import Usage
from tests.unit.bench.building import HANDED_OVER_S, a_job, a_seen, an_api, cpu_samples

COHORT = Cohort(1, 1, 2.0)


def test_delays_run_from_a_job_s_end_to_the_next_one_of_its_sample() -> None:
    jobs = [a_job("s0000", 1, 2, 3), a_job("s0000", 3.5, 4, 6), a_job("s0000", 7, 9, 10)]
    assert submit_delays([jobs]) == pytest.approx([0.5, 1.0])
    assert start_delays([jobs]) == pytest.approx([1.0, 3.0])


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(1, 201)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (100, 198, 200)
    assert percentile([4.0], 99) == 4.0
    assert percentile([], 99) is None


def test_the_floor_is_every_submission_at_the_quota_and_one_sample_s_jobs() -> None:
    assert floor_seconds(COHORT, 2) == pytest.approx(1.5 + sum(COHORT.seconds("s0000")))


def test_every_429_of_batch_counts_and_no_other_refusal() -> None:
    calls = {
        "Batch.SubmitJob": an_api({1000: (5, 2), 1001: (1, 0)}),
        "Batch.DescribeJobs": an_api({1000: (0, 3)}),
        "States.ListExecutions": an_api({1000: (0, 7)}),
    }
    figures = compute_figures(a_seen(calls=calls), COHORT, 10)
    assert figures.throttled == 5
    assert figures.calls["Batch.SubmitJob"] == 8
    assert figures.calls["Batch.ListJobs"] == 0
    assert throttled_per_second(calls) == {1000: 5, 1001: 0}


def test_the_makespan_is_told_by_the_floor() -> None:
    figures = compute_figures(a_seen(ended=Ended(1, 0, 50.0, 50.0 + 2 * 4.3)), Cohort(1, 1, 2.0), 10)
    assert figures.makespan_seconds == pytest.approx(8.6)
    assert figures.makespan_of_floor == pytest.approx(8.6 / floor_seconds(COHORT, 10))


def test_without_jobs_what_did_not_happen_is_none() -> None:
    figures = compute_figures(a_seen(), COHORT, 10)
    assert figures.backlog_rate_of_quota is None
    assert figures.idle_share_in_backlog is None
    assert figures.submit_delay_median is None
    assert figures.first_submit_seconds is None


def test_rate_and_idle_share_are_of_the_backlog_alone() -> None:
    jobs = [a_job(f"s{number:04}", 1 + number, 1 + number, 50) for number in range(5)]
    cpu = cpu_samples((0, 0), (100, 200), (150, 400), (200, 600), (250, 800), (300, 1000), (600, 1300))
    figures = compute_figures(a_seen(*jobs, cpu=cpu), COHORT, 1)
    assert figures.first_submit_seconds == pytest.approx(1.0)
    assert figures.backlog_rate_of_quota == pytest.approx(1.0)
    assert figures.backlog_seconds == pytest.approx(4.0)
    assert figures.idle_share_in_backlog == pytest.approx(0.25)


def test_costs_are_told_for_a_thousand_samples() -> None:
    figures = compute_figures(a_seen(usage=Usage(transitions=40)), Cohort(10, 1, 2.0), 10)
    assert figures.usd_per_thousand == pytest.approx(0.1)


def test_jobs_of_no_sample_make_no_delay() -> None:
    seen = a_seen(a_job(None, 1, 2, 3), a_job(None, 4, 5, 6))
    assert seen.by_sample() == {}
    assert compute_figures(seen, COHORT, 10).first_submit_seconds == pytest.approx(1.0)
    assert seen.ended.started_s == HANDED_OVER_S
