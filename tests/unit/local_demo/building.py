"""Jobs, observations and whole runs for the tests of the demo."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lowpass.imputation.accuracy import BinAccuracy, SampleAccuracy
from sluice_local.demo.failures import Failure
from sluice_local.demo.jobs import ApiFigures, Calls, JobRow, Stage
from sluice_local.demo.outcome import Run
from sluice_local.demo.settings import DemoSettings
from sluice_local.demo.snapshot import Observation
from sluice_local.lowpass.accuracy import CohortAccuracy
from sluice_local.project import find_project

STARTED_AT_MS = 1_000_000
FAILURE = Failure(
    sample="NA2",
    error="Job.Failed",
    reason="job impute: Essential container in task exited (exit code 1)",
    way_out="The program itself ended with an error: its log says why.",
    log_stream="sluice-impute/default/1",
    log_tail=("lowpass impute: <no site> of the panel has a read",),
)


def a_job(sample: str = "NA1", stage: Stage = Stage.ALIGN, **given: Any) -> JobRow:
    """Make a job that was submitted after 6 s, waited for 2 s and ran for 3 s, but for what is given."""
    usual = {
        "job_id": f"{sample}-{stage}",
        "status": "SUCCEEDED",
        "created_at_ms": STARTED_AT_MS + 6_000,
        "started_at_ms": STARTED_AT_MS + 8_000,
        "stopped_at_ms": STARTED_AT_MS + 11_000,
        "exit_code": 0,
    }
    return JobRow(sample=sample, stage=stage, **{**usual, **given})


def three_jobs(sample: str, last_status: str = "SUCCEEDED") -> list[JobRow]:
    """Make a sample's jobs: one every ten seconds, handed over in five."""
    times = {stage: number * 10_000 for number, stage in enumerate(Stage)}
    return [
        a_job(
            sample,
            stage,
            created_at_ms=STARTED_AT_MS + 6_000 + later,
            started_at_ms=STARTED_AT_MS + 8_000 + later,
            stopped_at_ms=STARTED_AT_MS + 11_000 + later,
            status=last_status if stage is Stage.IMPUTE else "SUCCEEDED",
        )
        for stage, later in times.items()
    ]


def an_observation(
    executions: Mapping[str, str], jobs: Iterable[JobRow] = (), submit: ApiFigures | None = None
) -> Observation:
    """Make an observation at the second 1,010."""
    return Observation(tuple(jobs), Calls(submit or ApiFigures(), ApiFigures()), executions, 1_010)


def an_accuracy(r2: float | None = 0.9) -> SampleAccuracy:
    """Make a sample's accuracy over two bins."""
    bins = (BinAccuracy(0.0, 0.05, 80, None), BinAccuracy(0.05, 0.5, 20, r2))
    return SampleAccuracy(BinAccuracy(0.05, 0.5, 20, r2), bins)


def a_run(seen: Observation | None = None, **given: Any) -> Run:
    """Make a run of two samples of which the second failed, but for what is given."""
    executions = {"NA1": "SUCCEEDED", "NA2": "FAILED"}
    jobs = [*three_jobs("NA1"), *three_jobs("NA2", "FAILED")]
    submit = ApiFigures(7, 1, {1_006: (4, 1), 1_016: (2, 0)})
    usual = {
        "settings": DemoSettings(find_project(), 2, 1, 0.4, 50, 2, Path("out/demo")),
        "accuracy": CohortAccuracy({"NA1": an_accuracy()}),
        "failures": (FAILURE,),
        "started_at_ms": STARTED_AT_MS,
        "seconds_by_step": {"Starting Local AWS": 1.04, "Running the workflows": 40.0},
        "wall_seconds": 60.04,
        "sluice_version": "0.1.0",
        "machine": "Linux x86_64, 2 CPUs, Python 3.13.1",
    }
    return Run(seen=seen or an_observation(executions, jobs, submit), **{**usual, **given})
