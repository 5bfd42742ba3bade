"""Every second heartbeat of a task that lacks nothing takes no write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from sluice.errors import UnclearError
from sluice.rate.gcra import Limit
from sluice.tasks.model import JobRecord, TaskState
from sluice.tasks.reconciliation import REMEMBERED_MS, plan_run
from tests.functional.test_many_open_tasks import submitted
from tests.support.builders import QUEUE, World, ended
from tests.support.fakes import FakeActivities, FakeClock, MemoryTaskStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.tasks.model import OpenTask, TaskRecord

HOURS = 4
TASKS = [f"task-{number}" for number in range(50)]


@dataclass
class Counting(MemoryTaskStore):
    """Keeps which tasks were claimed."""

    claimed: list[str] = field(default_factory=list)

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        self.claimed.append(task.token)
        return super().claim(task, now_ms)


@dataclass
class Listening(FakeActivities):
    """Keeps the longest that a task was without a heartbeat; those of `deaf` ones fail."""

    clock: FakeClock = field(default_factory=FakeClock)
    deaf: set[str] = field(default_factory=set)
    last_us: dict[str, int] = field(default_factory=dict)
    longest_us: int = 0

    def heartbeat(self, token: str) -> None:
        if token in self.deaf:
            raise UnclearError("timeout")
        super().heartbeat(token)
        now_us = self.clock.now_us()
        self.longest_us = max(self.longest_us, now_us - self.last_us.get(token, now_us))
        self.last_us[token] = now_us


@dataclass
class Minutes:
    """A reconciler that runs every minute, with tasks whose jobs run."""

    store: Counting = field(default_factory=Counting)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.activities = Listening(clock=self.clock)
        self.world = World(
            clock=self.clock, activities=self.activities, store=self.store, limit=Limit(1000, burst=1000)
        )
        self.store.records.update({token: submitted(token) for token in TASKS})
        for job_id in (f"job-{token}" for token in TASKS):
            running = {"jobId": job_id, "jobName": job_id, "jobQueue": QUEUE, "status": "RUNNING"}
            self.world.batch.jobs[job_id] = running

    def pass_by(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.sleep(60)
            self.run()

    def run(self) -> None:
        self.world.reconciler.reconcile(plan_run(self.clock.now_us(), remaining_seconds=900))

    def until_between(self) -> None:
        """Goes on until every task is due for a heartbeat that takes no claim, and forgets what was."""
        self.pass_by(4)
        self.clock.sleep(60)
        self.store.claimed.clear()
        self.activities.heartbeats.clear()

    def change(self, token: str, *jobs: JobRecord) -> None:
        """Gives a task other records of its jobs."""
        record = self.store.records[token]
        self.store.records[token] = replace(record, jobs={each.name: each for each in jobs})


def test_a_task_is_written_six_times_an_hour_and_has_twelve_heartbeats() -> None:
    minutes = Minutes()
    minutes.pass_by(60 * HOURS)
    assert len(minutes.store.claimed) / len(TASKS) / HOURS == pytest.approx(6, abs=0.5)
    assert len(minutes.activities.heartbeats) / len(TASKS) / HOURS == pytest.approx(12, abs=0.5)
    assert minutes.activities.longest_us <= 300 * 1_000_000


def test_a_heartbeat_between_two_claims_takes_none() -> None:
    minutes = Minutes()
    minutes.until_between()
    minutes.run()
    assert sorted(minutes.activities.heartbeats) == sorted(TASKS)
    assert minutes.store.claimed == []


def test_a_job_that_nobody_submitted_is_submitted_between_two_claims() -> None:
    minutes = Minutes()
    minutes.until_between()
    minutes.change(TASKS[0], JobRecord("align"))
    minutes.run()
    assert minutes.store.claimed == [TASKS[0]]
    assert minutes.world.batch.calls["SubmitJob"] == 1


def test_a_task_whose_jobs_have_all_ended_is_completed_between_two_claims() -> None:
    minutes = Minutes()
    minutes.until_between()
    minutes.change(TASKS[0], ended("align", f"job-{TASKS[0]}"))
    minutes.run()
    assert minutes.store.records[TASKS[0]].state is TaskState.SUCCEEDED


def test_a_workflow_that_was_stopped_is_noticed_between_two_claims() -> None:
    minutes = Minutes()
    minutes.until_between()
    minutes.activities.gone.add(TASKS[0])
    minutes.run()
    assert minutes.store.claimed == [TASKS[0]]
    assert minutes.store.records[TASKS[0]].state is not TaskState.OPEN


def test_a_heartbeat_that_failed_is_sent_by_the_next_run() -> None:
    minutes = Minutes()
    minutes.until_between()
    minutes.activities.deaf.add(TASKS[7])
    minutes.run()
    minutes.activities.deaf.clear()
    minutes.pass_by(1)
    assert TASKS[7] in minutes.activities.heartbeats


@pytest.mark.parametrize("how", ["a new process", "a schedule that was missed", "a run that was cut short"])
def test_who_does_not_know_what_was_before_claims_all_that_is_due(how: str) -> None:
    minutes = Minutes()
    minutes.until_between()
    if how == "a new process":
        del minutes.world.reconciler
    elif how == "a schedule that was missed":
        minutes.clock.sleep(REMEMBERED_MS / 1000)
    else:
        now_us = minutes.clock.now_us()
        minutes.world.reconciler.reconcile(plan_run(now_us, remaining_seconds=0))
    minutes.run()
    assert sorted(minutes.store.claimed) == sorted(TASKS)


def test_a_run_that_dies_leaves_no_memory() -> None:
    class DeadError(BaseException):
        """The process ends."""

    class Dying(Counting):
        dead = False

        def due_records(self, after_ms: int, before_ms: int) -> Iterator[OpenTask]:
            if self.dead:
                raise DeadError
            return super().due_records(after_ms, before_ms)

    store = Dying()
    minutes = Minutes(store=store)
    minutes.until_between()
    store.dead = True
    with pytest.raises(DeadError):
        minutes.run()
    minutes.run()
    assert sorted(store.claimed) == sorted(TASKS)
