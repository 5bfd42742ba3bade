"""Several pollers at once: one rate for all, and never two on a slot."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import AlreadyExistsError, ThrottledError
from sluice.pollers.chain import TAKEN_SECONDS, Chain, execution_name
from sluice.pollers.hand import Crew
from sluice.pollers.pool import Round
from sluice.rate.gcra import Limit
from sluice.tasks.model import ActivityTask, task_key
from tests.support.builders import World, job, task_text
from tests.support.fakes import FakeClock, FakeExecutions, MemoryPollerSlots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONG = Round(poll_until_us=2**62, submit_until_us=2**62)
LIMIT = Limit(50, burst=10)
ENDS = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def pollers(count: int, tasks: int) -> list[World]:
    """Pollers with limiters of their own, as processes have, that share all the rest."""
    first = World(limit=LIMIT)
    queued = [ActivityTask(f"token-{index}", task_text(job("align"))) for index in range(tasks)]
    first.activities.queue.extend(queued)
    shared = {
        name: getattr(first, name) for name in ("clock", "activities", "store", "rates", "telemetry", "limit")
    }
    others = [World(**shared) for _ in range(count - 1)]
    for other in others:
        other.batch = first.batch
    return [first, *others]


def run_all(worlds: list[World]) -> int:
    """A round of each at the same time; the number of tasks that they took."""
    with ThreadPoolExecutor(len(worlds)) as pool:
        return sum(pool.map(lambda world: world.pool.run(Crew(4, 4), LONG).tasks, worlds))


def test_several_pollers_share_the_tasks_and_one_rate() -> None:
    worlds = pollers(3, tasks=300)
    began_us = worlds[0].clock.now_us()
    assert run_all(worlds) == 300
    keys = [each["parameters"]["taskKey"] for each in worlds[0].batch.jobs.values()]
    assert sorted(keys) == sorted(task_key(f"token-{index}") for index in range(300))
    # 300 slots of one rate, whoever took them
    assert worlds[0].rates.states["SubmitJob"].arrival_us - began_us >= (300 - LIMIT.burst) * 20_000


def test_a_429_that_one_poller_meets_slows_all_of_them() -> None:
    worlds = pollers(3, tasks=60)
    worlds[0].batch.answers.append(ThrottledError("429"))
    worlds[0].hand(worlds[0].activities.queue.popleft(), until_us=2**62)
    lowered = worlds[0].rates.states["SubmitJob"]
    assert lowered.rate_per_second == LIMIT.rate_per_second / 2
    for other in worlds[1:]:
        other.hand(other.activities.queue.popleft(), until_us=2**62)
    # each of the two moves the rate item by a slot of 40 ms, no more of 20
    assert worlds[0].rates.states["SubmitJob"].arrival_us - lowered.arrival_us == 2 * 40_000


def test_no_task_is_lost_when_all_pollers_are_throttled_at_once() -> None:
    worlds = pollers(3, tasks=60)
    worlds[0].batch.answers.extend([ThrottledError("429")] * 30)
    assert run_all(worlds) == 60
    assert len(worlds[0].batch.jobs) == 60
    assert worlds[0].telemetry.drain()["SubmitThrottled"] == 30


def test_several_pollers_that_find_nothing_all_go_home() -> None:
    worlds = pollers(3, tasks=0)
    assert run_all(worlds) == 0
    assert worlds[0].batch.calls == Counter()


def test_of_many_that_ensure_the_pollers_at_once_one_starts_each_slot() -> None:
    executions = FakeExecutions({"slot-1-0": "SUCCEEDED", "slot-1-1": "FAILED"})
    together = threading.Barrier(8, timeout=10)

    def ensure(_: int) -> int:
        chain = Chain(MemoryPollerSlots(), executions, FakeClock())
        together.wait()
        return sum(chain.ensure(slot, probe=False) for slot in range(3))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ensure, range(8))) == 3
    assert executions.started.keys() == {"slot-0-0", "slot-1-2", "slot-2-0"}


@dataclass
class Working(FakeExecutions):
    """Knows which executions may be in a round; `meanwhile` happens before each answer to a look."""

    working: set[str] = field(default_factory=set)
    most_working: int = 0
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def status(self, name: str) -> str | None:
        found = super().status(name)
        if self.meanwhile:
            self.meanwhile.pop()()
        return found

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        super().start(name, payload)
        self.working.add(name)
        self.most_working = max(self.most_working, len(self.working))

    def newest(self) -> str | None:
        running = [name for name, status in self.statuses.items() if status == "RUNNING"]
        return running[-1] if running else None


def end(executions: Working, status: str) -> None:
    """The newest execution ends: idle, failed or stopped."""
    name = executions.newest()
    if name is not None:
        executions.statuses[name] = status
        executions.working.discard(name)


def go_on(executions: Working) -> None:
    """The newest execution has made its rounds and starts the next one, as ContinueAsNew does."""
    name = executions.newest()
    if name is not None:
        executions.working.discard(name)
        following = execution_name(0, int(name.rsplit("-", 1)[1]) + 1)
        with suppress(AlreadyExistsError):
            executions.start(following, {})
        executions.statuses[name] = "SUCCEEDED"


STEPS = st.sampled_from(["ensure", "ensure late", "go on", *ENDS])


@given(st.lists(STEPS, max_size=30), st.lists(STEPS, max_size=30))
def test_two_pollers_never_work_on_one_slot_whatever_happens_between_a_look_and_a_start(
    steps: list[str], between: list[str]
) -> None:
    executions = Working()
    # one ensurer knows the newest number, the other has never heard of any
    chains = {
        "ensure": Chain(MemoryPollerSlots(), executions, FakeClock()),
        "ensure late": Chain(MemoryPollerSlots(), executions, FakeClock()),
    }

    def do(step: str) -> None:
        if step in chains:
            chains[step].ensure(0, probe=False)
        elif step == "go on":
            go_on(executions)
        else:
            end(executions, step)

    executions.meanwhile = [partial(do, step) for step in between]
    for step in [*steps, "ensure"]:
        do(step)
    assert executions.most_working <= 1


@given(st.lists(STEPS, max_size=30), st.lists(STEPS, max_size=30), st.integers(1, 9))
def test_two_pollers_never_work_on_one_slot_whose_names_an_older_stack_used(
    steps: list[str], between: list[str], links: int
) -> None:
    executions, clock, slots = Working(), FakeClock(), MemoryPollerSlots()
    executions.forgotten = {execution_name(0, number) for number in range(links)}
    chain = Chain(slots, executions, clock)

    def do(step: str) -> None:
        if step.startswith("ensure"):
            chain.ensure(0, probe=step == "ensure late")
        elif step == "go on":
            go_on(executions)
        else:
            end(executions, step)

    executions.meanwhile = [partial(do, step) for step in between]
    for step in [*steps, "ensure"]:
        do(step)
        clock.sleep(TAKEN_SECONDS / 2)
    assert executions.most_working <= 1
    executions.meanwhile.clear()
    for _ in range(4):
        clock.sleep(TAKEN_SECONDS)
        do("ensure")
    assert executions.newest()


def test_work_that_comes_after_the_poller_has_gone_gets_the_next_link() -> None:
    executions = FakeExecutions({"slot-0-0": "SUCCEEDED"})
    chain = Chain(MemoryPollerSlots(), executions, FakeClock())
    assert chain.ensure(0, probe=True)
    executions.statuses["slot-0-1"] = "SUCCEEDED"
    assert chain.ensure(0, probe=False)
    assert executions.started["slot-0-2"]["emptyRounds"] == 0
