"""What comes first, seen by letting the second step fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice.errors import DeniedError, UnclearError
from sluice.tasks.model import ActivityTask, TaskState
from tests.support.builders import World, ended, job, task_text
from tests.support.fakes import FakeActivities, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import Outcome


@dataclass
class Unreachable(FakeActivities):
    """Step Functions does not answer as long as it is `down`."""

    down: bool = True

    def complete(self, token: str, outcome: Outcome) -> None:
        if self.down:
            raise UnclearError("read timeout")
        super().complete(token, outcome)


def state(world: World) -> TaskState:
    return world.store.records["token"].state


def test_the_intent_is_there_before_batch_hears_of_a_job() -> None:
    class Curious(FakeBatch):
        """Looks into the task table at every SubmitJob."""

        def submit_job(self, request: Mapping[str, Any]) -> str:
            seen.append("token" in world.store.records)
            return super().submit_job(request)

    world, seen = World(), list[bool]()
    world.batch = Curious(clock=world.clock)
    world.take("token", job("align"))
    assert seen == [True]


def test_a_task_stays_open_until_its_workflow_was_told() -> None:
    activities = Unreachable()
    world = World(activities=activities)
    world.take("token", job("align"))
    with pytest.raises(UnclearError):
        world.note("token", ended("align", "job-0"))
    assert state(world) is TaskState.OPEN
    activities.down = False
    world.note("token", ended("align", "job-0"))  # the queue delivers the event again
    assert len(activities.outcomes["token"]) == 1
    assert state(world) is TaskState.SUCCEEDED


def test_a_task_stays_in_the_reconcilers_line_until_its_jobs_were_stopped() -> None:
    class Forbidden(FakeBatch):
        def end_job(self, job_id: str, reason: str) -> None:
            raise DeniedError(f"no permission to terminate {job_id}: {reason}")

    world = World()
    world.batch = Forbidden(clock=world.clock)
    world.take("token", job("align"))
    world.abandon(world.store.records["token"])
    assert state(world) is TaskState.ABANDONED
    assert (list(world.store.unsettled), list(world.store.closed_at)) == (["token"], [])
    assert [type(error) for _, error in world.telemetry.left] == [DeniedError]


def test_a_poller_that_dies_at_its_first_submission_leaves_the_intent() -> None:
    class Deadly(FakeBatch):
        def submit_job(self, request: Mapping[str, Any]) -> str:
            raise SystemExit(f"the function's time is up at {request['jobName']}")

    world = World()
    world.batch = Deadly(clock=world.clock)
    with pytest.raises(SystemExit):
        world.hand(ActivityTask("token", task_text(job("align"))), until_us=world.in_seconds(60))
    assert state(world) is TaskState.OPEN
