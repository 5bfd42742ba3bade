"""Much to do at once, at the template's sizes and in virtual time: nobody healthy waits for it."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from handle_job_status.app import BATCH_SIZE, handle
from sluice.errors import ThrottledError
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.tasks.contract import parse_task
from sluice.tasks.model import JobRecord, Succeeded, TaskRecord, TaskState
from sluice.tasks.reconciliation import plan_run
from sluice_local.packaging import read_template
from tests.e2e.stack.stack import ROOT
from tests.functional.test_many_open_tasks import (
    CALL_SECONDS,
    STATE_HEARTBEAT_SECONDS,
    SlowRates,
    SlowStore,
    Timed,
    VirtualClock,
    VirtualCrew,
)
from tests.support.builders import World, detail, ended, job, job_event, task_text
from tests.support.fakes import START_US, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.errors import ServiceError
    from sluice.tasks.model import Outcome

JOBS = 22
TEXT = task_text(*[job(f"job{index}") for index in range(JOBS)])
THREADS = 16  # RECONCILER_THREADS
RATES = {  # of template.yaml, with its burst
    "SubmitJob": Limit(49, burst=10),
    "SendTaskHeartbeat": Limit(250, burst=250),
}
OTHER_RATE = Limit(10, burst=10)


class StormyWorld(World):
    """Each API has the rate that template.yaml gives it."""

    def _limiter(self, api: str) -> Limiter:
        limit = RATES.get(api, OTHER_RATE)
        return Limiter(api, limit=limit, store=self.rates, clock=self.clock)


@dataclass
class StormyBatch(FakeBatch):
    """Its calls take time; a terminated job ends, and its event is heard of at once."""

    world: World = field(default_factory=World)
    throttled_until_us: int = 0
    by_id: dict[str, tuple[str, str]] = field(default_factory=dict)

    def submit_job(self, request: Mapping[str, Any]) -> str:
        self.clock.sleep(CALL_SECONDS)
        if self.clock.now_us() < self.throttled_until_us:
            self.calls["Throttled"] += 1
            raise ThrottledError("429")
        return super().submit_job(request)

    def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
        self.clock.sleep(CALL_SECONDS)
        return super().find_jobs(job_queue, job_name)

    def terminate_jobs(self, job_ids: Sequence[str], reason: str) -> Mapping[str, ServiceError]:
        self.clock.sleep(CALL_SECONDS)
        return super().terminate_jobs(job_ids, reason)

    def end_job(self, job_id: str, reason: str) -> None:
        super().end_job(job_id, reason)
        token, name = self.by_id[job_id]
        self.world.store.note_job(token, ended(name, job_id, "FAILED"))


def stormy_world(workers: int = THREADS) -> tuple[World, Timed, StormyBatch, VirtualClock]:
    clock = VirtualClock()
    activities = Timed(clock=clock)
    world = StormyWorld(
        clock=clock,
        activities=activities,
        store=SlowStore(clock=clock),
        rates=SlowRates(clock=clock),
        workers=VirtualCrew(clock, workers=workers),
    )
    batch = StormyBatch(clock=clock, world=world)
    world.batch = batch
    return world, activities, batch, clock


def running(world: World, batch: StormyBatch, token: str, text: str = TEXT) -> None:
    """A task whose jobs all run."""
    task = parse_task(token, text)
    jobs = {each.name: JobRecord(each.name, job_id=f"{token}/{each.name}") for each in task.jobs}
    now_ms = START_US // 1000
    world.store.records[token] = TaskRecord(task, TaskState.OPEN, jobs, now_ms, now_ms)
    batch.by_id |= {str(each.job_id): (token, each.name) for each in jobs.values()}


def run_for(world: World, clock: VirtualClock, minutes: int) -> None:
    """The schedule: a run each minute, whether or not the one before it is over."""
    for minute in range(1, minutes + 1):
        began_us = START_US + minute * 60_000_000
        clock.go_to(began_us)
        world.reconciler.reconcile(plan_run(began_us, remaining_seconds=900))
    clock.go_to(max(clock.now_us(), START_US + minutes * 60_000_000))


def check_heartbeats(activities: Timed, tokens: list[str], until_us: int) -> None:
    """None of these tasks was ever without a heartbeat for as long as its state waits for one."""
    assert activities.last_us.keys() >= set(tokens)
    unseen_us = until_us - min(activities.last_us[token] for token in tokens)
    assert max(activities.longest_us, unseen_us) < STATE_HEARTBEAT_SECONDS * 1_000_000


def test_a_thousand_workflows_that_are_stopped_at_once_cost_no_other_its_heartbeat() -> None:
    world, activities, batch, clock = stormy_world()
    healthy = [f"healthy-{index}" for index in range(600)]
    for index in range(1000):
        running(world, batch, f"stopped-{index}")
        activities.gone.add(f"stopped-{index}")
    for token in healthy:
        running(world, batch, token)
    run_for(world, clock, 60)
    check_heartbeats(activities, healthy, START_US + 3600 * 1_000_000)
    # all were stopped at TerminateJob's rate, and hardly one of them twice
    assert len(set(batch.terminated)) == 1000 * JOBS
    assert len(batch.terminated) < 1.01 * 1000 * JOBS
    assert {world.store.records[token].state for token in healthy} == {TaskState.OPEN}
    assert len(world.store.closed_at) == 1000


def test_an_hour_of_429_costs_nobody_its_heartbeat_and_what_waited_is_submitted_after_it() -> None:
    world, activities, batch, clock = stormy_world()
    healthy = [f"healthy-{index}" for index in range(400)]
    waiting = [f"waiting-{index}" for index in range(300)]
    task = parse_task("waiting", task_text(job("align")))
    for token in waiting:
        world.store.put_intent(replace(task, token=token), "text", START_US // 1000)
    for token in healthy:
        running(world, batch, token)
    batch.throttled_until_us = START_US + 3600 * 1_000_000
    run_for(world, clock, 75)
    check_heartbeats(activities, healthy + waiting, START_US + 75 * 60 * 1_000_000)
    assert len(batch.jobs) == len(waiting)
    assert world.activities.outcomes == {}


@dataclass
class Told(Timed):
    """Keeps when each workflow was told."""

    told_us: dict[str, int] = field(default_factory=dict)

    def complete(self, token: str, outcome: Outcome) -> None:
        self.clock.sleep(CALL_SECONDS)
        super().complete(token, outcome)
        if isinstance(outcome, Succeeded):
            self.told_us[token] = self.clock.now_us()


def test_good_news_does_not_wait_behind_the_stopping_of_failed_tasks() -> None:
    world, _, batch, clock = stormy_world(workers=5)  # MaximumConcurrency of handle_job_status
    activities = world.activities = Told(clock=clock)
    events: deque[str] = deque()
    for index in range(300):
        running(world, batch, f"bad-{index}")
        body = detail(f"bad-{index}/job0", "FAILED")
        events.append(job_event(f"bad-{index}", "job0", body))
        running(world, batch, f"good-{index}", task_text(job("align")))
        events.append(job_event(f"good-{index}", "align", detail(f"good-{index}/align")))
    random.Random(1).shuffle(events)

    def invoke(bodies: list[str]) -> None:
        records = [{"messageId": str(index), "body": body} for index, body in enumerate(bodies)]
        assert handle({"Records": records}, world.completer, world.telemetry, world.members) == {
            "batchItemFailures": []
        }

    batches = [[events.popleft() for _ in range(10)] for _ in range(len(events) // 10)]
    world.workers.each(iter(batches), invoke)
    waited = sorted(told_us - START_US for told_us in activities.told_us.values())
    assert len(waited) == 300
    assert waited[-1] < 10_000_000
    # what was left to be stopped is stopped, once
    run_for(world, clock, 20)
    assert len(set(batch.terminated)) == 300 * (JOBS - 1)
    assert len(batch.terminated) < 1.01 * 300 * (JOBS - 1)
    assert len(world.store.closed_at) == 600


def test_the_events_of_siblings_of_a_closed_task_stop_nothing_again() -> None:
    world, _, batch, _ = stormy_world()
    running(world, batch, "token")
    records = [
        {
            "messageId": str(index),
            "body": job_event("token", f"job{index}", detail(f"token/job{index}", "FAILED")),
        }
        for index in range(JOBS)
    ]
    for record in records:
        handle({"Records": [record]}, world.completer, world.telemetry, world.members)
    assert len(batch.terminated) == JOBS - 1
    assert len(world.activities.outcomes["token"]) == 1


def test_the_batch_that_counts_as_full_is_the_templates() -> None:
    resources = read_template((ROOT / "template.yaml").read_text())["Resources"]
    events = resources["HandleJobStatusFunction"]["Properties"]["Events"]
    assert events["JobEvents"]["Properties"]["BatchSize"] == BATCH_SIZE
