"""The acceptance run, whole, against Local AWS: the same command that runs on an account."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accept.assumptions import ASSUMPTIONS
from sluice_local.quotas import FARGATE_LAUNCHES
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import OPEN, STACK_NAME, deploy_stack, find_project
from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SAMPLES = 100
LAUNCHES = 120
NOT_HERE = {"image", "several containers", "memory of Batch", "dropped tokens", "empty poll"}
"""What Local AWS does not have or is told to do sooner, or no run of minutes can tell."""


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    settings = LocalSettings(
        activity_poll_seconds=2, job_slots=32, fargate_launches=FARGATE_LAUNCHES, enforce_iam=True
    )
    with LocalAws(settings) as aws:
        # as on an account: the stack may use what is its own
        queues = ",".join(make_queue(aws, kind) for kind in ("FARGATE_SPOT", "EC2"))
        deploy_stack(find_project(), aws, {**dict.fromkeys(OPEN, ""), "JobQueueArns": queues})
        yield aws


def make_queue(aws: LocalAws, kind: str) -> str:
    """A job queue on Fargate or on EC2."""
    batch = aws.client("batch")
    name = kind.lower().replace("_", "-")
    resources = {"type": kind, "maxvCpus": 256, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    order = [{"order": 1, "computeEnvironment": name}]
    made = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    return str(made["jobQueueArn"])


def accept(aws: LocalAws, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accept", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **aws.environment()},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accept")


@pytest.fixture(scope="module")
def finished(aws: LocalAws, folder: Path) -> subprocess.CompletedProcess[str]:
    sizes = ("--samples", str(SAMPLES), "--launches", str(LAUNCHES))
    return accept(aws, "--stack", STACK_NAME, *sizes, "--output", str(folder))


@pytest.fixture(scope="module")
def found(finished: subprocess.CompletedProcess[str], folder: Path) -> dict[str, Any]:
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return dict(json.loads((folder / "facts.json").read_text()))


def test_all_that_can_be_measured_here_is_as_assumed(found: dict[str, Any]) -> None:
    verdicts = {row["name"]: row["verdict"] for row in found["assumptions"]}
    expected = {each.name: "OPEN" if each.name in NOT_HERE else "HOLDS" for each in ASSUMPTIONS}
    assert verdicts == expected, found
    assert not found["isAws"]


def test_the_whole_table_is_printed_and_kept(
    finished: subprocess.CompletedProcess[str], found: dict[str, Any], folder: Path
) -> None:
    assert found["assumptions"]
    table = (folder / "table.md").read_text()
    assert table in finished.stdout
    assert len(table.splitlines()) == len(ASSUMPTIONS) + 2


def leftovers(aws: LocalAws) -> list[str]:
    """What of the runs is still there."""
    states, batch = aws.client("stepfunctions"), aws.client("batch")
    names = [
        *(each["name"] for each in states.list_state_machines()["stateMachines"]),
        *(each["name"] for each in states.list_activities()["activities"]),
        *(each["RoleName"] for each in aws.client("iam").list_roles()["Roles"]),
        *(each["Name"] for each in aws.client("events").list_rules()["Rules"]),
        *aws.client("sqs").list_queues().get("QueueUrls", []),
        *(
            each["jobDefinitionName"]
            for each in batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        ),
    ]
    assert names
    return [name for name in names if "-accept-" in name]


def keep_days(aws: LocalAws) -> str:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    return str(parameters["KeepDays"])


def running_jobs(aws: LocalAws) -> list[str]:
    return [
        job["jobName"] for job in aws.page("jobs")["jobs"] if job["status"] not in {"SUCCEEDED", "FAILED"}
    ]


@pytest.mark.usefixtures("found")
def test_nothing_of_it_is_left(aws: LocalAws) -> None:
    assert leftovers(aws) == []
    assert running_jobs(aws) == []
    assert keep_days(aws) == "14"


@pytest.mark.usefixtures("found")
def test_ctrl_c_ends_it_and_leaves_nothing(aws: LocalAws, tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "accept", "--stack", STACK_NAME, "--output", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **aws.environment()}
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.rstrip().endswith("listing"))
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 130
    assert "taken away" in rest
    assert leftovers(aws) == []
    eventually(lambda: running_jobs(aws) == [], within_seconds=60)
    assert list(tmp_path.iterdir()) == []


def test_a_stack_that_is_not_there_is_named_with_the_way_out(aws: LocalAws, tmp_path: Path) -> None:
    ended = accept(aws, "--stack", "nobodys", "--output", str(tmp_path))
    assert ended.returncode == 1
    assert "no stack 'nobodys'" in ended.stderr
    assert "STACK=" in ended.stderr
    assert list(tmp_path.iterdir()) == []
