"""Short ways to build what was seen of a round in which all went well, and to spoil it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.chaos.cohort import COHORT, Program, Run, runs
from tests.chaos.observation import Observation, SeenExecution, SeenJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.cohort import PlannedJob, PlannedState

LABEL = "r1"
RUNS = runs(LABEL)
BY_NAME = {workflow.name: workflow for workflow in COHORT}


def run_of(workflow: str) -> Run:
    """The first run of a workflow."""
    return next(run for run in RUNS if run.workflow.name == workflow)


def good_round() -> Observation:
    """A round as it should be."""
    jobs = tuple(job for run in RUNS for state in run.workflow.states for job in _jobs(run, state))
    spread = tuple(replace(job, created_s=100 + index / 10) for index, job in enumerate(jobs))
    return Observation(
        runs=RUNS,
        executions={run.name: _execution(run) for run in RUNS},
        jobs=spread,
        tries={(run.name, state.name): 1 for run in RUNS for state in run.workflow.states},
        open_items=(),
        leaks=(),
        messages={"JobEventsQueue": 0, "JobEventsDeadLetters": 0},
        pollers=(),
        seen_s=130.0,
        rate_per_second=10.0,
        burst=5,
    )


def with_job(seen: Observation, name: str, change: Callable[[SeenJob], SeenJob | None]) -> Observation:
    """The round with the first job of this name changed, or left out."""
    victim = next(job for job in seen.jobs if job.name == name)
    changed = (change(job) if job is victim else job for job in seen.jobs)
    return replace(seen, jobs=tuple(job for job in changed if job is not None))


def with_execution(seen: Observation, workflow: str, **fields: Any) -> Observation:
    """The round with the first execution of a workflow changed."""
    name = run_of(workflow).name
    changed = replace(seen.executions[name], **fields)
    return replace(seen, executions={**seen.executions, name: changed})


def _execution(run: Run) -> SeenExecution:
    if run.workflow.stop != "never":
        return SeenExecution(run.name, "ABORTED", stopped=True)
    error = run.workflow.error
    return SeenExecution(run.name, "FAILED" if error else "SUCCEEDED", error)


def _jobs(run: Run, state: PlannedState) -> list[SeenJob]:
    return [_job(run, state, job) for job in state.jobs]


def _job(run: Run, state: PlannedState, planned: PlannedJob) -> SeenJob:
    job = SeenJob(
        job_id=f"{run.name}/{state.name}/{planned.name}",
        task_id=f"{run.name}/{state.name}",
        name=planned.name,
        workflow=run.name,
        state=state.name,
        status="SUCCEEDED",
        attempts=1,
        created_s=0.0,
    )
    job = replace(job, children=(job,) * (planned.size or 0))
    if planned.program is Program.FAILING:
        return replace(job, status="FAILED", reason="Essential container in task exited")
    if planned.program is Program.LONG:
        return replace(job, status="FAILED", reason="Sluice: it is over", by_hand=True)
    if planned.name == "doomed":
        return replace(job, status="FAILED", reason="Dependent Job failed", attempts=0)
    return job
