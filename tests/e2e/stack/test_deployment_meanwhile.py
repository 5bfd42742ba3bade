"""A deployment while a cohort runs: what runs goes on to its end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sluice_local.packaging import read_template
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import ROOT, deployed_of
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.stack.stack import Stack

SAMPLES = 45
GATE = "may-end"
WORDS = ("reads", "reference", "panel", "geneticMap", "output")


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1, job_slots=8)) as aws:
        yield aws


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The project's template, but for its jobs: they do nothing, the last one until it may end."""
    changed = read_template((ROOT / "template.yaml").read_text())
    wait = ["sh", "-c", f"until [ -e {tmp_path}/{GATE} ]; do sleep 0.2; done"]
    for name, command in (("Align", ["true"]), ("Likelihoods", ["true"]), ("Impute", wait)):
        container = changed["Resources"][f"{name}JobDefinition"]["Properties"]["ContainerProperties"]
        container["Command"] = command
    for folder in ("functions", "statemachines"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    path = tmp_path / "template.yaml"
    path.write_text(yaml.safe_dump(changed))
    return path


def jobs_ended(stack: Stack) -> int:
    return sum(job["status"] == "SUCCEEDED" for job in stack.aws.page("jobs")["jobs"])


def statuses(stack: Stack) -> Counter[str]:
    """How many executions of the workflow stand how."""
    pages = stack.states.get_paginator("list_executions").paginate(
        stateMachineArn=stack.outputs["WorkflowArn"]
    )
    return Counter(each["status"] for page in pages for each in page["executions"])


def revisions(stack: Stack) -> Mapping[str, str]:
    """The status of each revision of the stack's job definitions, by its number and name."""
    found: list[dict[str, Any]] = stack.batch.describe_job_definitions()["jobDefinitions"]
    return {f"{each['jobDefinitionName']}:{each['revision']}": each["status"] for each in found}


def test_a_cohort_runs_through_a_deployment(aws: LocalAws, template: Path, unique: str) -> None:
    # GIVEN a cohort of which a part is done
    stack = deployed_of(template, aws, unique)
    machines = Machines(stack.states, unique)
    for number in range(SAMPLES):
        words = {word: f"s3://lab/{word}" for word in WORDS}
        machines.start(stack.outputs["WorkflowArn"], {"sample": f"NA{number:05}", **words})
    eventually(lambda: jobs_ended(stack) >= SAMPLES // 3, within_seconds=60)
    # WHEN another memory and another timeout are deployed
    after = deployed_of(template, aws, unique, MemoryMib="4096", AttemptTimeoutSeconds="7200")
    assert after.outputs["AlignJobDefinitionArn"].endswith(":2")
    assert statuses(stack) == {"RUNNING": SAMPLES}
    (template.parent / GATE).touch()
    # THEN all samples succeed, with the revisions that they began with
    eventually(lambda: statuses(stack)["RUNNING"] == 0, within_seconds=120)
    assert statuses(stack) == {"SUCCEEDED": SAMPLES}
    assert set(revisions(stack).values()) == {"ACTIVE"}
