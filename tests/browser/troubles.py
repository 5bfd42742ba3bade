"""A cohort in which every kind of trouble happened that a report shows."""

from __future__ import annotations

from dataclasses import replace

from sluice_cli.report.console import console_of
from sluice_cli.report.facts import Array, CohortFacts, JobFacts, SampleFacts
from tests.browser.cohorts import START_MS, made_up_cohort

WORKFLOW_ARN = "arn:aws:states:eu-west-1:111122223333:stateMachine:sluice-workflow"
SHORT = "NA00002"
INVALID = "NA00003"
RETRIED = "NA00004"
SPOT = "NA00005"
SCATTERED = "NA00006"
REASON = (
    "jobs[0].containerOverrides.resourceRequirements[1].value is 3000, no memory that Fargate has with "
    "1 vCPU: give 2048, 3072, 4096, 5120, 6144, 7168 or 8192"
)


def troubled_cohort(samples: int = 30) -> CohortFacts:
    """A cohort with a job that failed at once, a task that is none, and jobs that were run anew."""
    facts = made_up_cohort(samples, name="exomes-of-the-second-half-of-november")
    kept = {each.name: each for each in facts.samples}
    kept |= {SHORT: _failed(SHORT, "Job.Failed"), INVALID: _failed(INVALID, "Task.Invalid", REASON)}
    kept |= {name: replace(kept[name], status="SUCCEEDED", error=None) for name in (RETRIED, SPOT, SCATTERED)}
    kept[RETRIED] = replace(kept[RETRIED], attempt=2)
    jobs = [job for job in facts.jobs if job.sample not in {SHORT, INVALID}]
    jobs = [_changed(job) for job in jobs] + [_short(), _earlier_attempt()]
    return replace(facts, samples=tuple(kept.values()), jobs=tuple(jobs), console=console_of(WORKFLOW_ARN))


def _failed(name: str, error: str, reason: str | None = None) -> SampleFacts:
    return SampleFacts(name, 1, "FAILED", START_MS + 30, START_MS + 61_000, error, reason)


def _job(sample: str, began_ms: int, ended_ms: int) -> JobFacts:
    return JobFacts(
        sample=sample,
        name="align",
        state="Align",
        ready_ms=START_MS + 30,
        taken_ms=START_MS + 100,
        submitted_ms=START_MS + 200,
        runnable_ms=START_MS + 200,
        started_ms=began_ms,
        stopped_ms=ended_ms,
        status="FAILED",
        attempts=1,
        error="Job.Failed",
        reason="Essential container in task exited",
        exit_code=2,
        log_group="/sluice/sluice/jobs",
        log_stream="align/default/8e6b0d5e3f0c4e1e",
    )


def _short() -> JobFacts:
    return _job(SHORT, START_MS + 60_000, START_MS + 60_001)


def _earlier_attempt() -> JobFacts:
    return replace(_job(RETRIED, START_MS + 20_000, START_MS + 200_000), is_superseded=True)


def _changed(job: JobFacts) -> JobFacts:
    if job.sample == RETRIED:
        return replace(job, attempt=2, error=None, status="SUCCEEDED", reason=None)
    if job.sample == SPOT and job.name == "align":
        began_ms = job.started_ms or 0
        earlier = ((began_ms, began_ms + 60_000),)
        return replace(
            job, attempts=2, earlier=earlier, started_ms=began_ms + 90_000, error=None, status="SUCCEEDED"
        )
    if job.sample == SCATTERED and job.name == "likelihoods":
        return replace(job, array=Array(22, 0, 22 * 100), error=None, status="SUCCEEDED")
    return job
