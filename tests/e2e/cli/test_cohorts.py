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


def test_cancel_goes_on_over_samples_that_end_meanwhile(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    # GIVEN samples that end by themselves, one after another, while they are being stopped
    waits = {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "End"}
    workflow = machines.create({"StartAt": "Wait", "States": {"Wait": waits, "End": {"Type": "Succeed"}}})
    rows = [{"sample": f"NA{number:03}", "seconds": 1 + number % 10} for number in range(120)]
    path = tmp_path / f"{unique}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert sluice(stack, "launch", str(path), "--workflow", workflow).exit_code == 0
    # WHEN the cohort is cancelled
    cancelled = sluice(stack, "cancel", unique, "--yes", "--json")
    # THEN it ends well and nothing is left, neither by the counts nor in Step Functions
    assert (cancelled.exit_code, json.loads(cancelled.stdout)["running"]) == (0, 0)
    counts = summarize(stack, unique)["counts"]
    assert (counts["RUNNING"], counts["SUCCEEDED"] + counts["ABORTED"]) == (0, 120)
    running = stack.states.list_executions(stateMachineArn=workflow, statusFilter="RUNNING")
    assert running["executions"] == []


def test_a_launch_of_no_workflow_is_refused_and_leaves_no_cohort(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    path, gone = sheet(tmp_path, unique, 2), machines.create(NEVER_ENDS) + "-gone"
    refused = sluice(stack, "launch", path, "--workflow", gone)
    assert (refused.exit_code, refused.stderr) == (2, f"There is no state machine {gone} in us-east-1.\n")
    assert "has no cohort" in sluice(stack, "status", unique).stderr


def three_steps(stack: Stack, unique: str, mended: Path) -> dict[str, Any]:
    """A workflow: a wrong sample fails in its first step, a late one in its last until that is mended."""
    fine, wrong = (stack.job_definition(f"{unique}-{name}", name) for name in ("true", "false"))
    late = stack.job_definition(f"{unique}-late", "test", "-e", str(mended))

    def step(definition: str, following: str | None) -> dict[str, Any]:
        job = stack.job("work", definition)
        context = {
            "executionArn": "{% $states.context.Execution.Id %}",
            "stateName": "{% $states.context.State.Name %}",
        }
        return {
            "Type": "Task",
            "Resource": stack.outputs["ActivityArn"],
            "HeartbeatSeconds": 900,
            "Arguments": {**context, "jobs": [job]},
            "Output": "{% $states.input %}",
            **({"Next": following} if following else {"End": True}),
        }

    first = f"{{% $states.input.fate = 'wrong' ? '{wrong}' : '{fine}' %}}"
    third = f"{{% $states.input.fate = 'late' ? '{late}' : '{fine}' %}}"
    steps = {"First": step(first, "Second"), "Second": step(fine, "Third"), "Third": step(third, None)}
    return {"QueryLanguage": "JSONata", "StartAt": "First", "States": steps}


def test_a_retry_repeats_the_steps_that_failed_and_a_mended_sample_as_a_whole(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    # GIVEN a sample with a wrong row, and one that fails in its last step
    mended, path = tmp_path / "mended", tmp_path / f"{unique}.csv"
    path.write_text("sample,fate\ngood,good\nlate,late\nwrong,wrong\n")
    workflow = machines.create(three_steps(stack, unique, mended))
    assert sluice(stack, "launch", str(path), "--workflow", unique).exit_code == 0
    sluice(stack, "watch", unique)
    listed = sluice(stack, "samples", unique, "--state", "failed", "--tsv").stdout.splitlines()[1:]
    assert [line.split("\t")[:4] for line in listed] == [
        ["late", "FAILED", "Third", "1"],
        ["wrong", "FAILED", "First", "1"],
    ]
    # WHEN the row is mended, and what the other one lacked is there
    mended.touch()
    path.write_text("sample,fate\ngood,good\nlate,late\nwrong,right\n")
    refused = sluice(stack, "launch", str(path), "--workflow", unique).stderr
    assert '  line 4, wrong: fate: "wrong" -> "right"\n' in refused
    told = sluice(stack, "retry", unique, "--sheet", str(path)).stdout
    # THEN one goes on where it failed, the other starts from the beginning, and no other job runs twice
    assert 'wrong: fate: "wrong" -> "right"' in told
    assert "2 samples started again, 1 where it failed and 1 from the start." in told
    assert sluice(stack, "watch", unique, "--fail").exit_code == 0
    head = workflow.replace(":stateMachine:", ":execution:")
    tasks = {
        name: Counter(task.task.state_name for task in stack.store.history([f"{head}:{unique}.{name}"]))
        for name in ("1.good", "1.late", "1.wrong", "2.wrong")
    }
    once = {"First": 1, "Second": 1, "Third": 1}
    assert tasks == {"1.good": once, "1.late": {**once, "Third": 2}, "1.wrong": {"First": 1}, "2.wrong": once}
    # and rows that are added start beside those
    path.write_text(path.read_text() + "more,good\n")
    added = sluice(stack, "launch", str(path), "--workflow", unique).stdout
    assert added.startswith(f"Cohort {unique}: 4 samples started, 1 of them new.")
    assert sluice(stack, "watch", unique, "--fail").exit_code == 0
