"""Three samples through Local AWS, by Sluice and by the usual patterns."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.cohort import Cohort
from bench.contenders.contender import Contender
from bench.contenders.job_poller import JobPoller
from bench.contenders.sluice import Sluice
from bench.contenders.sync import with_retry
from bench.measuring import Conditions, measure
from bench.results import Run, read_run
from sluice_local.terminal.display import Display

CONDITIONS = Conditions(Cohort(samples=3, seed=1, mean_seconds=0.2), quota_per_second=20)


def run_of(contender: Contender, folder: Path) -> Run:
    with Display(Console(quiet=True), "test") as display:
        return read_run(contender.name, measure(contender, CONDITIONS, folder, display), CONDITIONS)


@pytest.mark.parametrize("contender", [Sluice(), with_retry()], ids=lambda contender: contender.name)
def test_who_hears_of_ends_by_event_asks_batch_for_nothing(contender: Contender, tmp_path: Path) -> None:
    figures = run_of(contender, tmp_path).figures
    assert (figures.succeeded, figures.failed, figures.throttled) == (3, 0, 0)
    assert figures.calls["Batch.SubmitJob"] == 9
    assert figures.calls["Batch.DescribeJobs"] == 0
    assert figures.start_delay_median is not None
    assert figures.transitions >= 3 * 4


def test_the_poller_describes_each_job_at_least_twice(tmp_path: Path) -> None:
    run = run_of(JobPoller(wait_seconds=1), tmp_path)
    assert (run.figures.succeeded, run.figures.calls["Batch.SubmitJob"]) == (3, 9)
    assert run.figures.calls["Batch.DescribeJobs"] >= 2 * 9
    assert run.figures.gb_seconds == 0
    assert run.usd["step_functions"] == pytest.approx(run.figures.transitions * 0.000025)
