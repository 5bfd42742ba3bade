"""The workflows of one round: what each runs, and how it ends when nothing goes wrong; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HEARTBEAT_SECONDS: Final = 18
"""Many looks of the test stack's reconciler, also on a busy machine, and so short that a lost token is healed
within a round."""


class Program(StrEnum):
    """What a job runs."""

    BRIEF = "brief"
    STEADY = "steady"
    FAILING = "failing"
    LONG = "long"


COMMANDS: Final[Mapping[Program, tuple[str, ...]]] = {
    Program.BRIEF: ("sleep", "0.2"),
    Program.STEADY: ("sleep", "3"),
    Program.FAILING: ("sh", "-c", "exit 3"),
    Program.LONG: ("sleep", "600"),
}
"""The commands of the programs. The steady one outlasts a look of the reconciler, the long one any test."""


class Stop(StrEnum):
    """When a person stops the workflow, if at all."""

    NEVER = "never"
    AT_ONCE = "at once"
    WHILE_ITS_JOB_RUNS = "while its job runs"


@dataclass(frozen=True)
class PlannedJob:
    """A job of a state; `size` makes it an array."""

    name: str
    program: Program = Program.BRIEF
    needs: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True)
class PlannedState:
    """An Activity state of a workflow; one that is `shared` lets its job share an array with others."""

    name: str
    jobs: tuple[PlannedJob, ...]
    fail_fast: bool = True
    shared: bool = False


@dataclass(frozen=True)
class Workflow:
    """A kind of workflow: its states in order, how often it is in a cohort, and how it ends undisturbed."""

    name: str
    states: tuple[PlannedState, ...]
    copies: int = 1
    error: str | None = None
    stop: Stop = Stop.NEVER


def _one_job(name: str, program: Program = Program.BRIEF, **fields: Any) -> tuple[PlannedState, ...]:
    return (PlannedState("Work", (PlannedJob(name, program, **fields),)),)


COHORT: Final[tuple[Workflow, ...]] = (
    Workflow("single", _one_job("solo"), copies=4),
    Workflow(
        "sequence",
        tuple(
            PlannedState(state, (PlannedJob(state.lower()),)) for state in ("Align", "Likelihoods", "Impute")
        ),
        copies=2,
    ),
    Workflow(
        "dependent",
        (
            PlannedState(
                "Work",
                (
                    PlannedJob("gather", needs=("left", "right")),
                    PlannedJob("left", needs=("split",)),
                    PlannedJob("right", needs=("split",)),
                    PlannedJob("split"),
                ),
            ),
        ),
        copies=2,
    ),
    Workflow("alike", (PlannedState("Work", (PlannedJob("alike"),), shared=True),), copies=8),
    Workflow(
        "alike-failing",
        (PlannedState("Work", (PlannedJob("alike-bad", Program.FAILING),), shared=True),),
        copies=3,
        error="Job.Failed",
    ),
    Workflow("steady", _one_job("slow", Program.STEADY)),
    Workflow("array", _one_job("many", size=3)),
    Workflow("failing", _one_job("bad", Program.FAILING), error="Job.Failed"),
    Workflow(
        "failfast",
        (PlannedState("Work", (PlannedJob("bad", Program.FAILING), PlannedJob("sibling", Program.LONG))),),
        copies=2,
        error="Job.Failed",
    ),
    Workflow(
        "patient",
        (
            PlannedState(
                "Work",
                (
                    PlannedJob("bad", Program.FAILING),
                    PlannedJob("doomed", needs=("bad",)),
                    PlannedJob("fine"),
                ),
                fail_fast=False,
            ),
        ),
        error="Job.Failed",
    ),
    Workflow("stopped", _one_job("endless", Program.LONG), stop=Stop.WHILE_ITS_JOB_RUNS),
    Workflow("regretted", _one_job("early"), stop=Stop.AT_ONCE),
)
"""Every way to use the Activity that the design knows, and a few of the simplest to load the rate."""


@dataclass(frozen=True)
class Run:
    """One execution of a round."""

    name: str
    workflow: Workflow


def runs(label: str) -> tuple[Run, ...]:
    """Names the executions of the round that `label` names."""
    return tuple(
        Run(f"{label}-{workflow.name}-{copy}", workflow)
        for workflow in COHORT
        for copy in range(workflow.copies)
    )


@dataclass(frozen=True)
class Arns:
    """What the state machines name."""

    activity: str
    queue: str
    definitions: Mapping[Program, str]


def state_machine(workflow: Workflow, arns: Arns) -> dict[str, Any]:
    """Writes the workflow in Amazon States Language, as a user of Sluice would."""
    names = [state.name for state in workflow.states]
    states = {
        state.name: {**_task(state, arns), **({"Next": after} if after else {"End": True})}
        for state, after in zip(workflow.states, [*names[1:], None], strict=True)
    }
    return {"QueryLanguage": "JSONata", "StartAt": names[0], "States": states}


def _task(state: PlannedState, arns: Arns) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": arns.activity,
        "Arguments": {
            "executionArn": "{% $states.context.Execution.Id %}",
            "stateName": state.name,
            "failFast": state.fail_fast,
            "jobs": [_job(job, state, arns) for job in state.jobs],
            **({"vary": ["workflow"]} if state.shared else {}),
        },
        "HeartbeatSeconds": HEARTBEAT_SECONDS,
        # as statemachines/workflow.asl.json retries, with less patience
        "Retry": [
            {
                "ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout", "Job.SpotInterruption"],
                "IntervalSeconds": 1,
                "BackoffRate": 1,
                "MaxAttempts": 5,
            }
        ],
    }


def _job(job: PlannedJob, state: PlannedState, arns: Arns) -> dict[str, Any]:
    request: dict[str, Any] = {
        "jobName": job.name,
        "jobQueue": arns.queue,
        "jobDefinition": arns.definitions[job.program],
        # by these the page of jobs tells which workflow a job is of
        "parameters": {"workflow": "{% $states.context.Execution.Name %}", "state": state.name},
    }
    if job.needs:
        request["dependsOn"] = [{"jobName": name} for name in job.needs]
    if job.size is not None:
        request["arrayProperties"] = {"size": job.size}
    return request
