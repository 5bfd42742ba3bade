"""The reconciler with more open tasks than a run can look at."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sluice.errors import UnclearError
from sluice.rate.gcra import Limit
from sluice.runtime.workers import ThreadWorkers
from sluice.tasks.model import JobRecord, OpenTask, TaskRecord, TaskState
from sluice.tasks.overdue_jobs import JOBS_PER_CALL
from sluice.tasks.reconciliation import plan_run
from tests.support.builders import World, job, open_record
from tests.support.fakes import (
    START_US,
    FakeActivities,
    FakeBatch,
    FakeClock,
    MemoryRateStore,
    MemoryTaskStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sluice.rate.gcra import Reservation

Item = TypeVar("Item")

TASK = open_record(job("align")).task
TASKS = 100_000
STATE_HEARTBEAT_SECONDS = 900  # TaskHeartbeatSeconds of template.yaml
AGE_SECONDS = 3600  # so that Batch is asked about each of them too
CALL_SECONDS, DESCRIBE_SECONDS = 0.025, 0.5
# SendTaskHeartbeat in the Regions that give least
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
BUCKET, REFILL_PER_SECOND = 1500, 300


class VirtualClock(FakeClock):
    """Time that can be set, as each of several workers has come to another moment."""

    def go_to(self, now_us: int) -> None:
        self._now_us = now_us


@dataclass
class VirtualCrew:
    """Workers in virtual time: whoever is free first takes the next item, and all calls take their time."""

    clock: VirtualClock
    workers: int

    def each(self, items: Iterator[Item], act: Callable[[Item], None]) -> None:
        free = [self.clock.now_us()] * (self.workers - 1)
        while (item := next(items, None)) is not None:
            act(item)
            self.clock.go_to(heapq.heappushpop(free, self.clock.now_us()))
        self.clock.go_to(max([self.clock.now_us(), *free]))


@dataclass
class SlowStore(MemoryTaskStore):
    clock: VirtualClock = field(default_factory=VirtualClock)

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        self.clock.sleep(CALL_SECONDS)
        return super().claim(task, now_ms)


@dataclass
class SlowRates(MemoryRateStore):
    clock: VirtualClock = field(default_factory=VirtualClock)

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        self.clock.sleep(CALL_SECONDS / 2)
        return super().reserve(api, slots, limit=limit, now_us=now_us, until_us=until_us)


@dataclass
class Timed(FakeActivities):
    """Keeps when each heartbeat was sent, and the longest that a task had to wait for one."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    last_us: dict[str, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    sent_us: list[int] = field(default_factory=list)
    longest_us: int = 0

    def heartbeat(self, token: str) -> None:
        self.clock.sleep(CALL_SECONDS)
        self._check(token)
        now_us = self.clock.now_us()
        self.longest_us = max(self.longest_us, now_us - self.last_us.get(token, START_US))
        self.last_us[token] = now_us
        self.sent.append(token)
        self.sent_us.append(now_us)


class SlowBatch(FakeBatch):
    """Its jobs all run, and last."""

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        self.calls["DescribeJobs"] += 1
        self.clock.sleep(DESCRIBE_SECONDS)
        return [{"jobId": job_id, "status": "RUNNING"} for job_id in job_ids]


def most_drawn(times_us: list[int]) -> float:
    """The most that calls at these times draw from a bucket that is filled at the quota's rate."""
    drawn, most, before_us = 0.0, 0.0, times_us[0]
    for now_us in times_us:
        drawn = max(0.0, drawn - (now_us - before_us) / 1e6 * REFILL_PER_SECOND) + 1
        most, before_us = max(most, drawn), now_us
    return most


def test_a_hundred_thousand_open_tasks_all_keep_their_heartbeats_below_the_quota() -> None:
    clock = VirtualClock()
    activities = Timed(clock=clock)
    world = World(
        clock=clock,
        activities=activities,
        store=SlowStore(clock=clock),
        rates=SlowRates(clock=clock),
        # RECONCILER_THREADS and HEARTBEAT_RATE_PER_SECOND of template.yaml
        workers=VirtualCrew(clock, workers=16),
        limit=Limit(250, burst=250),
    )
    world.batch = SlowBatch(clock=clock)
    # all had their last heartbeat at the same moment, which is the worst that can be
    world.store.records.update({str(index): submitted(str(index)) for index in range(TASKS)})
    for minute in range(5, 21):
        began_us = START_US + minute * 60_000_000
        clock.go_to(began_us)
        assert (
            world.reconciler.reconcile(plan_run(began_us, remaining_seconds=900)) > AGE_SECONDS + minute * 60
        )
        # the next run begins a minute later and meets nobody
        assert clock.now_us() - began_us < 60_000_000
    assert len(activities.last_us) == TASKS
    assert min(Counter(activities.sent).values()) >= 2
    unseen_us = clock.now_us() - min(activities.last_us.values())
    assert max(activities.longest_us, unseen_us) < STATE_HEARTBEAT_SECONDS * 1_000_000
    assert most_drawn(sorted(activities.sent_us)) < BUCKET
    assert world.batch.calls["DescribeJobs"] == pytest.approx(len(activities.sent) / JOBS_PER_CALL, rel=0.01)
    assert (world.telemetry.left, world.telemetry.not_described) == ([], [])


def submitted(token: str) -> TaskRecord:
    """A task whose job runs."""
    task = replace(TASK, token=token)
    jobs = {"align": JobRecord("align", job_id=f"job-{token}")}
    return TaskRecord(task, TaskState.OPEN, jobs, START_US // 1000 - AGE_SECONDS * 1000, START_US // 1000)


def test_two_reconcilers_at_once_share_the_line() -> None:
    @dataclass
    class Claimed(MemoryTaskStore):
        """Keeps who was claimed."""

        claimed: list[str] = field(default_factory=list)

        def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
            record = super().claim(task, now_ms)
            self.claimed += [task.token] if record else []
            return record

    store = Claimed()
    world = World(store=store, workers=ThreadWorkers(4), limit=Limit(1000, burst=1000))
    world.store.records.update({str(index): submitted(str(index)) for index in range(500)})
    world.clock.sleep(301)
    run = plan_run(world.clock.now_us(), remaining_seconds=900)
    with ThreadPoolExecutor(2) as pool:
        ages = list(pool.map(lambda _: world.reconciler.reconcile(run), range(2)))
    assert sorted(store.claimed) == sorted(store.records)
    # two may see the same task at once: a second heartbeat does no harm, a missing one would
    assert set(world.activities.heartbeats) == store.records.keys()
    assert max(ages) == AGE_SECONDS + 301


def test_a_run_that_is_over_before_all_had_their_turn_leaves_the_rest_to_the_next() -> None:
    clock = VirtualClock()
    crew = VirtualCrew(clock, workers=4)
    world = World(clock=clock, store=SlowStore(clock=clock), workers=crew, limit=Limit(1000, burst=1000))
    world.store.records.update({str(index): submitted(str(index)) for index in range(10_000)})
    clock.sleep(301)
    seen = []
    for _ in range(2):
        world.reconciler.reconcile(plan_run(clock.now_us(), remaining_seconds=900))
        seen.append(len(world.activities.heartbeats))
    # four workers make 160 calls of 25 ms a second
    assert seen == pytest.approx([55 * 160, 10_000], rel=0.01)
    assert len(set(world.activities.heartbeats)) == 10_000


def test_jobs_of_many_threads_tasks_are_asked_about_a_hundred_at_a_time() -> None:
    world = World(workers=ThreadWorkers(8), limit=Limit(1000, burst=1000))
    for index in range(250):
        world.store.records[str(index)] = submitted(str(index))
        world.batch.jobs[f"job-{index}"] = {"jobId": f"job-{index}", "status": "SUCCEEDED"}
    world.clock.sleep(301)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))
    assert world.batch.calls["DescribeJobs"] == 3
    assert {record.state for record in world.store.records.values()} == {TaskState.SUCCEEDED}


def test_a_failed_describe_is_told_of_once_and_costs_only_its_own_hundred() -> None:
    @dataclass
    class Flaky(FakeBatch):
        """The first call gets no answer."""

        def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
            answer = super().describe_jobs(job_ids)
            if self.calls["DescribeJobs"] == 1:
                raise UnclearError("timeout")
            return answer

    world = World()
    world.batch = Flaky(clock=world.clock)
    for index in range(150):
        world.store.records[str(index)] = submitted(str(index))
        world.batch.jobs[f"job-{index}"] = {"jobId": f"job-{index}", "status": "SUCCEEDED"}
    world.clock.sleep(301)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))
    assert [(jobs, str(error)) for jobs, error in world.telemetry.not_described] == [(100, "timeout")]
    assert Counter(record.state for record in world.store.records.values()) == {"OPEN": 100, "SUCCEEDED": 50}


def test_a_thread_that_meets_an_error_does_not_stop_the_others_and_is_heard_of() -> None:
    done: list[int] = []

    def act(item: int) -> None:
        if item == 3:
            raise ValueError("three")
        done.append(item)

    with pytest.raises(ValueError, match="three"):
        ThreadWorkers(4).each(iter(range(1, 50)), act)
    assert sorted(done) == [1, 2, *range(4, 50)]


def test_threads_work_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(_: int) -> None:
        together.wait()

    ThreadWorkers(4).each(iter(range(1, 5)), meet)
