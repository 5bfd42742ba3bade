"""A cohort from launch to retry and cancel, by `sluice` alone, against a deployed stack on Local AWS."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sluice.cohorts.model import read_execution_name
from sluice_cli.app import app
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from tests.e2e.stack.stack import Stack

SAMPLES = 1500
FAILS_ONCE = "{% $states.input.fate = 'bad' and $contains($states.context.Execution.Name, '.1.') %}"
FAILS_AT_FIRST = {
    "QueryLanguage": "JSONata",
    "StartAt": "Judge",
    "States": {
        "Judge": {
            "Type": "Choice",
            "Choices": [{"Condition": FAILS_ONCE, "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Job.OutOfMemory", "Cause": "exit code 137"},
        "Good": {"Type": "Succeed"},
    },
}
NEVER_ENDS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@pytest.fixture
def machines(stack: Stack, unique: str) -> Machines:
    return Machines(stack.states, unique)


def sheet(folder: Path, name: str, samples: int) -> str:
    """A sheet of which every tenth sample is a bad one."""
    rows = [f"NA{number:04},{'bad' if number % 10 == 0 else 'good'}" for number in range(samples)]
    path = folder / f"{name}.csv"
    path.write_text("\n".join(["sample,fate", *rows]))
    return str(path)


def sluice(stack: Stack, *arguments: str) -> Result:
    """Runs a command in this process, which is quicker."""
    return CliRunner().invoke(app, list(arguments), env=stack.aws.environment())


def summarize(stack: Stack, name: str) -> dict[str, Any]:
    return dict(json.loads(sluice(stack, "status", name, "--json").stdout))


def executions(stack: Stack, workflow: str) -> Counter[str]:
    """How many executions there are of each name, as Local AWS counts them."""
    pages = stack.states.get_paginator("list_executions").paginate(stateMachineArn=workflow)
    return Counter(each["name"] for page in pages for each in page["executions"])


def interrupted_launch(stack: Stack, path: str, name: str, workflow: str) -> subprocess.Popen[str]:
    """Launches a cohort and presses Ctrl-C when some of its samples are started."""
    launch = subprocess.Popen(
        [sys.executable, "-m", "sluice_cli", "launch", path, "--workflow", workflow],
        env={"PATH": "/usr/bin", **stack.aws.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: sluice(stack, "status", name).exit_code == 0)
    launch.send_signal(signal.SIGINT)
    return launch


def test_a_launch_of_1500_samples_interrupted_and_repeated_starts_each_once(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    # GIVEN a launch that somebody interrupts, and what it had started in AWS is stopped too
    path, workflow = sheet(tmp_path, unique, SAMPLES), machines.create(FAILS_AT_FIRST)
    launch = interrupted_launch(stack, path, unique, workflow)
    said = launch.communicate()[1]
    assert (launch.returncode, "AWS goes on starting the samples" in said) == (130, True)
    machine = stack.outputs["CohortMachineArn"]
    (running,) = stack.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    stack.states.stop_execution(executionArn=running["executionArn"])
    # WHEN it is repeated
    again = sluice(stack, "launch", path, "--workflow", workflow)
    assert (again.exit_code, f"Cohort {unique}: 1,500 samples started." in again.stdout) == (0, True)
    # THEN every sample has one execution, and watch ends when all have ended
    watched = sluice(stack, "watch", unique, "--fail")
    assert watched.exit_code == 1
    assert summarize(stack, unique)["failures"] == {"Job.OutOfMemory": SAMPLES // 10}
    found = executions(stack, workflow)
    assert len(found) == sum(found.values()) == SAMPLES
    # and a sample is found by its name, with the cause of its failure first
    told = sluice(stack, "explain", "NA0010", "--cohort", unique)
    assert told.stdout.startswith("NA0010 failed: state Bad failed with Job.OutOfMemory: exit code 137.")
    # and a retry runs the failed ones again, each once
    assert sluice(stack, "retry", unique).exit_code == 0
    assert sluice(stack, "watch", unique, "--fail").exit_code == 0
    attempts = Counter(
        name.attempt for each in executions(stack, workflow) if (name := read_execution_name(each))
    )
    assert attempts == {1: SAMPLES, 2: SAMPLES // 10}
    assert sluice(stack, "launch", path, "--workflow", workflow).stdout.startswith(
        f"Cohort {unique}: 1,500 samples started before."
    )


def test_cancel_stops_every_sample_and_retry_runs_them_after_all(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    path, workflow = sheet(tmp_path, unique, 12), machines.create(NEVER_ENDS)
    assert sluice(stack, "launch", path, "--workflow", workflow).exit_code == 0
    cancelled = sluice(stack, "cancel", unique, "--yes")
    assert cancelled.stdout == f"Cohort {unique} is cancelled; none of its samples runs.\n"
    found = summarize(stack, unique)
    assert (found["state"], found["counts"]["ABORTED"]) == ("CANCELLED", 12)
    told = sluice(stack, "explain", "NA0003", "--cohort", unique)
    assert told.stdout.startswith("NA0003 was stopped as its cohort was cancelled.")
    assert sluice(stack, "retry", unique).exit_code == 0
    assert summarize(stack, unique)["counts"]["RUNNING"] == 12
    assert sluice(stack, "cancel", unique, "--yes").exit_code == 0


def test_a_launch_that_the_stack_refuses_says_why(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    path, gone = sheet(tmp_path, unique, 2), machines.create(NEVER_ENDS) + "-gone"
    refused = sluice(stack, "launch", path, "--workflow", gone)
    assert refused.exit_code == 3
    assert f"The samples of cohort {unique} were not all started:" in refused.stderr
