"""The low-pass workflow's own reactions to what its jobs do; the jobs here are one-liners."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

SAMPLE = {"sample": "NA06989", "reads": "r", "reference": "f", "panel": "p", "geneticMap": "m"}


def workflow(stack: Stack, machines: Machines, **definitions: str) -> str:
    """The project's workflow with other job definitions in place of the programs."""
    text = (stack.root / "statemachines/workflow.asl.json").read_text()
    values = {
        "ActivityArn": stack.outputs["ActivityArn"],
        "JobQueueArn": stack.outputs["JobQueueArn"],
        "HeartbeatSeconds": "600",
        "MemoryMib": "2048",
        "MaxMemoryMib": "8192",
        **definitions,
    }
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return machines.create(json.loads(text))


def definitions(stack: Stack, unique: str, align: str) -> dict[str, str]:
    fine = stack.job_definition("true", "true")
    return {
        "AlignJobDefinitionArn": stack.job_definition(unique, "sh", "-c", align),
        "LikelihoodsJobDefinitionArn": fine,
        "ImputeJobDefinitionArn": fine,
        "LigateJobDefinitionArn": fine,
    }


def run(machines: Machines, machine: str, unique: str, **fields: str) -> dict[str, Any]:
    sample = {**SAMPLE, "output": f"s3://data/{unique}", **fields}
    return dict(machines.ended(machines.start(machine, sample)))


def memories(stack: Stack, unique: str) -> list[str]:
    """The memory that each submission of the align job asked for, in order."""
    pages = stack.aws.page("jobs")["jobs"]
    ids = [job["jobId"] for job in pages if f"/{unique}:" in job["jobDefinition"]]
    jobs = [stack.batch.describe_jobs(jobs=[job_id])["jobs"][0] for job_id in ids]
    jobs.sort(key=lambda job: job["createdAt"])
    wants = [
        {each["type"]: each["value"] for each in job["container"]["resourceRequirements"]} for job in jobs
    ]
    return [want["MEMORY"] for want in wants]


def test_a_sample_goes_through_all_three_jobs(stack: Stack, machines: Machines, unique: str) -> None:
    machine = workflow(stack, machines, **definitions(stack, unique, "true"))
    ended = run(machines, machine, unique)
    assert json.loads(ended["output"]) == {
        "sample": "NA06989",
        "imputed": f"s3://data/{unique}/NA06989.imputed.bcf",
    }


def test_a_job_that_ran_out_of_memory_gets_twice_as_much(
    stack: Stack, machines: Machines, unique: str, tmp_path: Path
) -> None:
    once = f"test -e {tmp_path}/done || {{ touch {tmp_path}/done; exit 137; }}"
    machine = workflow(stack, machines, **definitions(stack, unique, once))
    assert run(machines, machine, unique)["status"] == "SUCCEEDED"
    assert memories(stack, unique) == ["2048", "4096"]


def test_memory_may_be_given_as_text_as_it_stands_in_a_csv_sheet(
    stack: Stack, machines: Machines, unique: str
) -> None:
    machine = workflow(stack, machines, **definitions(stack, unique, "exit 137"))
    ended = run(machines, machine, unique, memoryMib="4096")
    assert (ended["status"], ended["error"]) == ("FAILED", "Job.OutOfMemory")
    assert memories(stack, unique) == ["4096", "8192"]


def test_a_job_that_always_runs_out_of_memory_fails_by_that_name(
    stack: Stack, machines: Machines, unique: str
) -> None:
    machine = workflow(stack, machines, **definitions(stack, unique, "exit 137"))
    ended = run(machines, machine, unique)
    assert (ended["status"], ended["error"]) == ("FAILED", "Job.OutOfMemory")
    assert json.loads(ended["cause"])["exitCode"] == 137
    assert memories(stack, unique) == ["2048", "4096", "8192"]


@pytest.mark.parametrize("code", [1, 3])
def test_a_failed_job_is_not_tried_again_and_keeps_its_name(
    stack: Stack, machines: Machines, unique: str, code: int
) -> None:
    machine = workflow(stack, machines, **definitions(stack, unique, f"exit {code}"))
    ended = run(machines, machine, unique)
    assert (ended["error"], json.loads(ended["cause"])["exitCode"]) == ("Job.Failed", code)
    assert memories(stack, unique) == ["2048"]


@pytest.mark.parametrize("cohort", [{}, {"cohort": "run-7"}])
def test_every_job_is_tagged_with_its_sample_and_cohort(
    stack: Stack, machines: Machines, unique: str, cohort: dict[str, str]
) -> None:
    machine = workflow(stack, machines, **definitions(stack, unique, "true"))
    output = f"s3://data/{unique}"
    machines.ended(machines.start(machine, {**SAMPLE, **cohort, "output": output}))
    jobs = [stack.ended_job(job["jobId"]) for job in stack.aws.page("jobs")["jobs"]]
    ours = [job for job in jobs if job and output in json.dumps(job["parameters"])]
    assert [job["tags"] for job in ours] == [{"sample": "NA06989", **cohort}] * 3
    assert all(job["propagateTags"] for job in ours)
