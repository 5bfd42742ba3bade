"""Tasks that share an array on a deployed stack, from their states to the containers and back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.observing import read_calls
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import ROOT, Stack, deployed
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRY_POINT = str(ROOT / "jobs/sluice-row")
CHILD = re.compile(r"[0-9a-f-]{36}:[0-9]+")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack for a queue that is not Fargate's, at a rate at which tasks wait."""
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        batch = aws.client("batch")
        batch.create_compute_environment(computeEnvironmentName="instances", type="UNMANAGED")
        order = [{"order": 1, "computeEnvironment": "instances"}]
        made = batch.create_job_queue(jobQueueName="instances", priority=1, computeEnvironmentOrder=order)
        yield deployed(
            aws,
            JobQueueArns=made["jobQueueArn"],
            SubmitRatePerSecond="0.2",
            SubmitBurst="1",
            PollerThreads="16",
            RoundSeconds="60",
        )


def machine(stack: Stack, machines: Machines, *command: str, **fields: Any) -> str:
    """A state machine of one job whose parameter `sample` varies, behind the entry point."""
    definition = stack.job_definition(machines.name, ENTRY_POINT, *command)
    job = stack.job("work", definition, parameters={"sample.$": "$.sample"}, **fields)
    arguments = {
        "executionArn.$": "$$.Execution.Id",
        "stateName.$": "$$.State.Name",
        "jobs": [job],
        "vary": ["sample"],
    }
    state = {
        "Type": "Task",
        "Resource": stack.outputs["ActivityArn"],
        "Parameters": arguments,
        "HeartbeatSeconds": 600,
        "End": True,
    }
    return machines.create({"StartAt": "Work", "States": {"Work": state}})


def test_each_child_has_its_own_values_and_its_own_end(
    stack: Stack, machines: Machines, tmp_path: Path
) -> None:
    script = f'touch "{tmp_path}/$0"; test "$0" != "s 3"'
    work = machine(stack, machines, "sh", "-c", script, "Ref::sample")
    samples = [f"s {number}" for number in range(10)]
    started = {sample: machines.start(work, {"sample": sample}) for sample in samples}
    ended = {sample: machines.ended(arn, within_seconds=90) for sample, arn in started.items()}
    assert sorted(path.name for path in tmp_path.iterdir()) == samples
    failed = [sample for sample, each in ended.items() if each["status"] != "SUCCEEDED"]
    assert failed == ["s 3"]
    assert ended["s 3"]["error"] == "Job.Failed"
    ids = [json.loads(each["output"])["jobs"]["work"]["jobId"] for each in ended.values() if "output" in each]
    assert len(set(ids)) == 9
    assert sum(bool(CHILD.fullmatch(job_id)) for job_id in ids) >= 7
    calls = read_calls(stack.aws.page("calls"))
    assert calls["Batch.SubmitJob"].count <= 4
    assert "Batch.DescribeJobs" not in calls


def test_a_stopped_workflow_stops_its_child_alone(stack: Stack, machines: Machines, tmp_path: Path) -> None:
    script = f'until test -e "{tmp_path}/over"; do sleep 0.2; done'
    work = machine(stack, machines, "sh", "-c", script, "Ref::sample")
    started = [machines.start(work, {"sample": f"t{number}"}) for number in range(8)]
    ids = [stack.submitted(arn, "work") for arn in started]
    stopped = next(at for at, job_id in enumerate(ids) if CHILD.fullmatch(job_id))
    stack.states.stop_execution(executionArn=started[stopped])
    ended = eventually(lambda: stack.ended_job(ids[stopped]), within_seconds=60)
    assert ended["statusReason"].startswith("Sluice: ")
    (tmp_path / "over").touch()
    others = [machines.ended(arn, within_seconds=90) for at, arn in enumerate(started) if at != stopped]
    assert {each["status"] for each in others} == {"SUCCEEDED"}
