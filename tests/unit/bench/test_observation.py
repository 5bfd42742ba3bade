"""How a run of the bench is read from what Local AWS shows."""

from typing import Any

import pytest

from bench.observation import jobs_of_samples, sample_of
from sluice_local.observing import JobRow


def row(**given: Any) -> JobRow:
    usual = {
        "job_id": "1",
        "name": "align-0a1b",
        "parameters": {},
        "command": "",
        "status": "RUNNABLE",
        "created_s": 1.5,
    }
    return JobRow(**{**usual, **given})


def test_a_job_that_has_not_started_has_no_times_but_its_first() -> None:
    (job,) = jobs_of_samples([row()], {})
    assert (job.created_s, job.started_s, job.stopped_s, job.sample) == (1.5, None, None, None)


def test_what_a_contender_tells_of_its_jobs_counts_and_array_parents_do_not() -> None:
    (child,) = jobs_of_samples([row(is_array=True), row(job_id="1:0")], {"1:0": "s0007"})
    assert child.sample == "s0007"


@pytest.mark.parametrize(
    "given",
    [
        {"name": "s0012-1"},
        {"parameters": {"sample": "s0012", "seconds": "1.5"}},
        {"command": "snakemake results/s0012.step1 --cores 1"},
        {"name": "job-s0012_step2", "command": "s0013"},
    ],
)
def test_a_sample_is_found_in_name_parameters_or_command(given: dict[str, object]) -> None:
    assert sample_of(row(**given)) == "s0012"


@pytest.mark.parametrize("name", ["tests0012", "s001", "s0012a"])
def test_only_a_whole_name_is_a_sample(name: str) -> None:
    assert sample_of(row(name=name)) is None
