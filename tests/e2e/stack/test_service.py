"""Somebody else's state machine, of which the template knows nothing, uses the Activity."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sluice.tasks.model import TaskState
from tests.support.building import eventually

if TYPE_CHECKING:
    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

OUTPUT_FIELDS = {
    "jobId",
    "status",
    "attempts",
    "createdAt",
    "startedAt",
    "stoppedAt",
    "exitCode",
    "logStreamName",
    "statusReason",
    "attemptDetails",
}


def test_two_jobs_of_which_one_needs_the_other_give_the_output_of_the_contract(
    stack: Stack, machines: Machines
) -> None:
    definition = stack.job_definition("echo", "sh", "-c", "echo Ref::sample")
    machine = stack.machine(
        machines,
        stack.job("impute", definition, parameters={"sample": "NA06989"}, dependsOn=[{"jobName": "align"}]),
        stack.job("align", definition, parameters={"sample": "NA06989"}),
    )
    jobs = machines.output(machine)["jobs"]
    assert set(jobs) == {"align", "impute"}
    for job in jobs.values():
        assert set(job) == OUTPUT_FIELDS
        assert (job["status"], job["exitCode"], job["attempts"]) == ("SUCCEEDED", 0, 1)
    assert jobs["impute"]["startedAt"] >= jobs["align"]["stoppedAt"]


def test_a_job_that_exits_3_fails_the_task_with_its_exit_code(stack: Stack, machines: Machines) -> None:
    machine = stack.machine(machines, stack.job("align", stack.job_definition("three", "sh", "-c", "exit 3")))
    ended = machines.ended(machines.start(machine))
    assert (ended["status"], ended["error"]) == ("FAILED", "Job.Failed")
    cause = json.loads(ended["cause"])
    assert (cause["job"], cause["exitCode"]) == ("align", 3)
    assert cause["logStreamName"]


def test_wrong_inputs_fail_by_name_and_disturb_nobody(stack: Stack, machines: Machines) -> None:
    definition = stack.job_definition("true", "true")
    no_queue = stack.outputs["JobQueueArn"] + "-gone"
    jobs = {
        "misspelt": stack.job("align", definition, jobDefinitoin="x"),
        "refused": stack.job("align", definition, jobQueue=no_queue),
        "fine": stack.job("align", definition),
    }
    started = {name: machines.start(stack.machine(machines, job, name=name)) for name, job in jobs.items()}
    ended = {name: machines.ended(arn) for name, arn in started.items()}
    assert ended["misspelt"]["error"] == "Task.Invalid"
    assert "jobDefinitoin" in ended["misspelt"]["cause"]
    assert ended["refused"]["error"] == "Task.Rejected"
    assert ended["fine"]["status"] == "SUCCEEDED"


def test_a_failed_job_of_a_fail_fast_task_ends_its_siblings(
    stack: Stack, machines: Machines, unique: str
) -> None:
    sleeper, bad = stack.job_definition("sleep", "sleep", "600"), stack.job_definition("false", "false")
    machine = stack.machine(machines, stack.job(unique, sleeper), stack.job("bad", bad))
    assert machines.ended(machines.start(machine))["error"] == "Job.Failed"
    job_id = stack.job_called(unique)
    assert eventually(lambda: stack.ended_job(job_id))["isTerminated"]


def test_a_stopped_workflow_stops_its_jobs(stack: Stack, machines: Machines) -> None:
    sleeper = stack.job_definition("sleep", "sleep", "600")
    execution = machines.start(stack.machine(machines, stack.job("long", sleeper)))
    job_id = stack.submitted(execution, "long")
    (task,) = stack.tasks(execution)
    stack.states.stop_execution(executionArn=execution)
    assert eventually(lambda: stack.ended_job(job_id))["isTerminated"]
    assert eventually(lambda: stack.closed_task(task)) is TaskState.ABANDONED


def test_an_array_job_counts_as_one(stack: Stack, machines: Machines) -> None:
    definition = stack.job_definition("true", "true")
    machine = stack.machine(machines, stack.job("many", definition, arrayProperties={"size": 3}))
    assert machines.output(machine)["jobs"]["many"]["status"] == "SUCCEEDED"
