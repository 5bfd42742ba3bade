"""Workflows of every kind run as ever while each role may do only what its policies allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.iam.scene import Scene


@pytest.fixture
def awake(scene: Scene) -> Iterator[Scene]:
    """The stack with all of its queues and schedules at work."""
    scene.set_awake(True)
    yield scene
    scene.set_awake(False)
    scene.tidy()


def refusals(scene: Scene) -> int:
    """How often a role was refused something so far."""
    return sum(each["count"] for each in scene.decisions() if not each["allowed"])


def ended(scene: Scene, execution: str) -> tuple[str, str | None]:
    """How an execution ends: its status and error."""
    described = scene.machines().ended(execution, within_seconds=40)
    return described["status"], described.get("error")


def test_a_cohort_ends_as_its_jobs_do(awake: Scene) -> None:
    stack, refused_before = awake.stack, refusals(awake)
    fine = stack.job("fine", stack.job_definition("true", "true"), tags={"project": "x"})
    bad = stack.job("bad", stack.job_definition("false", "false"))
    endless = stack.job("endless", stack.job_definition("sleep", "sleep", "600"))
    # GIVEN workflows that succeed, that fail, one that is stopped and one whose poller died
    succeeding, failing = [awake.start(fine) for _ in range(3)], awake.start(bad, endless)
    stopped, healed = awake.start(endless), awake.start(endless)
    job_id = stack.submitted(stopped, "endless")
    stack.states.stop_execution(executionArn=stopped)
    stack.submitted(healed, "endless")
    (task,) = stack.tasks(healed)
    stack.forget(task)
    # WHEN the reconciler looks
    awake.invoke("ReconcileTasks", {})
    # THEN each ends as its jobs do, and nothing was refused
    assert [ended(awake, each) for each in succeeding] == [("SUCCEEDED", None)] * 3
    assert ended(awake, failing) == ("FAILED", "Job.Failed")
    assert eventually(lambda: stack.ended_job(job_id))["status"] == "FAILED"
    assert stack.submitted(healed, "endless") == task.jobs["endless"].job_id
    assert refusals(awake) == refused_before
