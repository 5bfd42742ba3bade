"""The figures of one run."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from sluice_local.demo.jobs import JobRow, Stage
from sluice_local.demo.outcome import Run
from sluice_local.demo.snapshot import SampleState, sample_states


@dataclass(frozen=True)
class SampleRow:
    """One sample's line in the table; seconds and r2 are None for what did not happen."""

    sample: str
    state: SampleState
    stage_seconds: Mapping[Stage, float | None]
    total_seconds: float | None
    r2_maf5: float | None


def sample_rows(run: Run) -> tuple[SampleRow, ...]:
    """Return the table of samples, in the order in which they were started."""
    states = sample_states(run.seen.executions, run.seen.jobs)
    return tuple(_row(run, sample, state) for sample, state in states.items())


def _row(run: Run, sample: str, state: SampleState) -> SampleRow:
    jobs = [job for job in run.seen.jobs if job.sample == sample]
    accuracy = run.accuracy.samples.get(sample)
    return SampleRow(
        sample=sample,
        state=state,
        stage_seconds={stage: _ran_seconds(jobs, stage) for stage in Stage},
        total_seconds=_total_seconds(jobs, run.started_at_ms),
        r2_maf5=accuracy.common.r2 if accuracy else None,
    )


def _ran_seconds(jobs: Iterable[JobRow], stage: Stage) -> float | None:
    """A stage that was tried again ran as long as all its tries."""
    ran = [job.ran_seconds for job in jobs if job.stage is stage and job.ran_seconds is not None]
    return sum(ran) if ran else None


def _total_seconds(jobs: Iterable[JobRow], started_at_ms: int) -> float | None:
    stopped = [job.stopped_at_ms for job in jobs if job.stopped_at_ms is not None]
    return (max(stopped) - started_at_ms) / 1000 if stopped else None


def hand_over_seconds(jobs: Iterable[JobRow]) -> tuple[float, ...]:
    """Return how long it took from the end of each job to the submission of the sample's next one.

    This is Sluice's own share: event, queue, handler, task completed, next state, poller, rate, SubmitJob.
    """
    last: dict[str, int] = {}
    gaps = []
    for job in jobs:
        if job.sample in last:
            gaps.append((job.created_at_ms - last[job.sample]) / 1000)
        if job.stopped_at_ms is not None:
            last[job.sample] = job.stopped_at_ms
    return tuple(gaps)


def first_submit_seconds(run: Run) -> float | None:
    """Return how long it took from the first execution's start to the first job: the pollers' waking."""
    if not run.seen.jobs:
        return None
    return (min(job.created_at_ms for job in run.seen.jobs) - run.started_at_ms) / 1000


def summary(run: Run) -> dict[str, Any]:
    """Return the summary that is written as JSON."""
    rows = sample_rows(run)
    submit = run.seen.calls.submit
    gaps = hand_over_seconds(run.seen.jobs)
    return {
        "samples": len(rows),
        "succeeded": sum(row.state is SampleState.DONE for row in rows),
        "failed": sum(row.state is SampleState.FAILED for row in rows),
        "jobs": len(run.seen.jobs),
        "submit_calls": submit.count,
        "submit_throttled": submit.throttled,
        "describe_calls": run.seen.calls.describe.count,
        "peak_submits_per_s": submit.peak_per_second,
        "quota_per_s": run.settings.quota_per_second,
        "wall_s": round(run.wall_seconds, 1),
        "mean_r2_maf5": _rounded(run.accuracy.mean_r2_common, 4),
        "first_submit_s": _rounded(first_submit_seconds(run)),
        "hand_over_s": {"median": _rounded(median(gaps), 2), "max": _rounded(max(gaps), 2)} if gaps else None,
        "seconds_by_step": {title: round(seconds, 1) for title, seconds in run.seconds_by_step.items()},
        "seed": run.settings.seed,
        "depth": run.settings.depth,
        "job_slots": run.settings.job_slots,
        "machine": run.machine,
        "sluice_version": run.sluice_version,
        "per_sample": [_row_figures(row) for row in rows],
        "failures": [asdict(failure) for failure in run.failures],
    }


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def _row_figures(row: SampleRow) -> dict[str, Any]:
    return {
        "sample": row.sample,
        "state": row.state,
        **{f"{stage}_s": _rounded(seconds) for stage, seconds in row.stage_seconds.items()},
        "total_s": _rounded(row.total_seconds),
        "r2_maf5": _rounded(row.r2_maf5, 4),
    }
