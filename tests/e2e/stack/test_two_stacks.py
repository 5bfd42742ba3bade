"""Two stacks in one account: nothing of one is the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def stacks() -> Iterator[tuple[Stack, Stack]]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield deployed(aws, "lab"), deployed(aws, "clinic")


def resources(stack: Stack) -> set[tuple[str, str]]:
    """What a stack is made of: types and physical names."""
    cloudformation = stack.aws.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return {(each["ResourceType"], each["PhysicalResourceId"]) for each in found}


def test_they_share_no_resource(stacks: tuple[Stack, Stack]) -> None:
    lab, clinic = map(resources, stacks)
    assert len(lab) == len(clinic)
    assert lab & clinic == set()


def runs(stack: Stack, unique: str, suffix: str) -> bool:
    """Whether a workflow of one job succeeds on a stack."""
    machines = Machines(stack.states, f"{unique}-{stack.name}{suffix}")
    machine = stack.machine(machines, stack.job("only", stack.job_definition(machines.name, "true")))
    return bool(machines.ended(machines.start(machine))["status"] == "SUCCEEDED")


def test_each_does_its_work_also_when_the_other_is_gone(stacks: tuple[Stack, Stack], unique: str) -> None:
    lab, clinic = stacks
    assert runs(lab, unique, "")
    assert runs(clinic, unique, "")
    clinic.delete()
    assert len(lab.aws.client("scheduler").list_schedules()["Schedules"]) == 4
    assert runs(lab, unique, "-again")
