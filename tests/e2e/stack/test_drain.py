"""A stack that is drained, and then deleted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sluice_cli.app import app
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield aws


@pytest.fixture
def stack(aws: LocalAws, unique: str) -> Stack:
    return deployed(aws, unique)


@pytest.fixture
def machines(stack: Stack, unique: str) -> Machines:
    return Machines(stack.states, f"{unique}-theirs")


def sluice(stack: Stack, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--stack", stack.name], env=stack.aws.environment())


def long_one(stack: Stack, machines: Machines) -> str:
    """An execution of a job that takes ten minutes."""
    definition = stack.job_definition(machines.name, "sleep", "600")
    return machines.start(stack.machine(machines, stack.job("long", definition)))


def let_no_poller_start(stack: Stack) -> None:
    functions = stack.aws.client("lambda")
    name = stack.physical("EnsurePollersFunction")
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def status(stack: Stack, stack_id: str) -> str:
    (found,) = stack.aws.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
    return str(found["StackStatus"])


def stack_id(stack: Stack) -> str:
    (found,) = stack.aws.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    return str(found["StackId"])


def jobs_of(stack: Stack, definition: str) -> set[str]:
    """How the jobs of a definition stand."""
    found = [stack.batch.describe_jobs(jobs=[each["jobId"]])["jobs"] for each in listed(stack)]
    return {job["status"] for jobs in found for job in jobs if definition in job["jobDefinition"]}


def listed(stack: Stack) -> list[dict[str, Any]]:
    by_name = [{"name": "JOB_NAME", "values": ["long-*"]}]
    found = stack.batch.list_jobs(jobQueue=stack.outputs["JobQueueArn"], filters=by_name)
    return list(found["jobSummaryList"])


def test_a_drained_stack_is_deleted_and_leaves_no_job(stack: Stack, machines: Machines) -> None:
    execution = long_one(stack, machines)
    stack.submitted(execution, "long")
    result = sluice(stack, "drain", "--stop", "--yes")
    says = f"Stack {stack.name} is drained: nothing runs."
    way_on = f"Delete it with: sam delete --stack-name {stack.name}"
    assert (result.exit_code, result.stdout) == (0, f"{says} {way_on}\n")
    ended = machines.ended(execution)
    assert (ended["status"], ended["error"]) == ("ABORTED", "Stack.Drained")
    eventually(lambda: jobs_of(stack, machines.name) == {"FAILED"})
    # once more is no error
    assert sluice(stack, "drain").exit_code == 0
    stack.delete()


def test_a_deletion_that_waits_for_a_task_that_nobody_takes_is_let_go_on(stack: Stack) -> None:
    # GIVEN a task of the stack's own workflow that no poller takes
    let_no_poller_start(stack)
    machines = Machines(stack.states, stack.name)
    words = dict.fromkeys(("reads", "reference", "panel", "geneticMap", "output"), "s3://lab/x")
    execution = machines.start(stack.outputs["WorkflowArn"], {"sample": "NA06989", **words})
    eventually(lambda: "ActivityScheduled" in machines.events(execution))
    # WHEN its stack is deleted
    arn, workflow = stack_id(stack), stack.outputs["WorkflowArn"]
    stack.aws.client("cloudformation").delete_stack(StackName=stack.name)
    described = stack.states.describe_state_machine
    eventually(lambda: described(stateMachineArn=workflow)["status"] == "DELETING")
    # THEN the deletion waits until it is drained
    assert status(stack, arn) == "DELETE_IN_PROGRESS"
    result = sluice(stack, "drain", "--stop", "--yes")
    assert result.exit_code == 0, result.output
    eventually(lambda: status(stack, arn) == "DELETE_COMPLETE")


def test_a_launch_is_ended_and_what_has_started_is_counted(
    aws: LocalAws, unique: str, tmp_path: Path
) -> None:
    # GIVEN a launch of 600 samples, ten a second
    stack = deployed(aws, unique, StartRatePerSecond="10")
    quick = Machines(stack.states, unique).create(
        {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    )
    sheet = tmp_path / "run-42.csv"
    sheet.write_text("\n".join(["sample", *[f"NA{number:04}" for number in range(600)]]))
    sluice(stack, "launch", str(sheet), "--workflow", quick, "--no-wait")
    eventually(lambda: started(stack) > 0)
    # WHEN the stack is drained
    sluice(stack, "drain", "--yes", "--minutes", "0.1")
    # THEN the launch comes to its end, and what it has noted only is started and counted
    eventually(lambda: is_drained_after_a_look(stack), within_seconds=60)
    assert 0 < started(stack) < 600


def started(stack: Stack) -> int:
    result = sluice(stack, "status", "run-42", "--json")
    return sum(json.loads(result.stdout)["counts"].values()) if result.exit_code == 0 else 0


def is_drained_after_a_look(stack: Stack) -> bool:
    """Whether the stack is drained once its reconciler, whose schedule takes minutes, has looked."""
    stack.invoke("ReconcileSamples", {})
    return sluice(stack, "drain", "--minutes", "0.1").exit_code == 0


def test_ctrl_c_ends_the_waiting_and_nothing_else(stack: Stack, machines: Machines) -> None:
    execution, before = long_one(stack, machines), looks(stack)
    drain = subprocess.Popen(
        [sys.executable, "-m", "sluice_cli", "drain", "--stack", stack.name],
        env={"PATH": "/usr/bin", **stack.aws.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: looks(stack) > before)
    drain.send_signal(signal.SIGINT)
    out, err = drain.communicate(timeout=20)
    assert (drain.returncode, out, err) == (130, "", "Stopped.\n")
    assert stack.states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    left = json.loads(sluice(stack, "drain", "--json", "--minutes", "0.1").stdout)["left"]
    assert sum(left["executions"].values()) == 1


def looks(stack: Stack) -> int:
    """How often anybody has asked for executions."""
    calls = stack.aws.page("calls")["calls"]
    return int(calls.get("States.ListExecutions", {"count": 0})["count"])
