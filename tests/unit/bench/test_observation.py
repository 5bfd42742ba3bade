"""How the observation pages are read."""

import pytest

from bench.observation import Usage, read_jobs, read_usage, sample_of
from sluice_local import observing
from sluice_local.observing import JobRow

ROW = {
    "jobId": "1",
    "jobName": "align-0a1b",
    "parameters": {},
    "command": "",
    "status": "RUNNABLE",
    "createdAt": 1500,
}


def test_a_job_that_has_not_started_has_no_times_but_its_first() -> None:
    (job,) = read_jobs({"jobs": [ROW]}, {})
    assert (job.created_s, job.started_s, job.stopped_s, job.sample) == (1.5, None, None, None)


def test_what_a_contender_tells_of_its_jobs_counts_and_array_parents_do_not() -> None:
    rows = [{**ROW, "arrayProperties": {"size": 2}}, {**ROW, "jobId": "1:0", "arrayProperties": {"index": 0}}]
    (child,) = read_jobs({"jobs": rows}, {"1:0": "s0007"})
    assert child.sample == "s0007"


def row(**given: object) -> JobRow:
    (read,) = observing.read_jobs({"jobs": [{**ROW, **given}]})
    return read


@pytest.mark.parametrize(
    "given",
    [
        {"jobName": "s0012-1"},
        {"parameters": {"sample": "s0012", "seconds": "1.5"}},
        {"command": "snakemake results/s0012.step1 --cores 1"},
        {"jobName": "job-s0012_step2", "command": "s0013"},
    ],
)
def test_a_sample_is_found_in_name_parameters_or_command(given: dict[str, object]) -> None:
    assert sample_of(row(**given)) == "s0012"


@pytest.mark.parametrize("name", ["tests0012", "s001", "s0012a"])
def test_only_a_whole_name_is_a_sample(name: str) -> None:
    assert sample_of(row(jobName=name)) is None


def test_usage_is_summed_up_over_machines_functions_tables_and_queues() -> None:
    usage = read_usage(
        [{"transitions": 6}, {"transitions": 7}],
        {
            "submit": {"invocations": 2, "seconds": 8.0, "memoryMib": 256, "peakMemoryMib": 80},
            "handle": {"invocations": 5, "seconds": 1.0, "memoryMib": 512, "peakMemoryMib": 70},
        },
        {"tasks": {"writeUnits": 9.0, "readUnits": 0.5}, "rates": {"writeUnits": 1.0, "readUnits": 0.0}},
        {"ended": 3, "wake": 4},
    )
    assert usage == Usage(13, 7, 2.5, 10.0, 0.5, 7)
