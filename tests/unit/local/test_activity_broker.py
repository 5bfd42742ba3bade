"""The broker hands each task out once and keeps its clocks."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.activity_broker import (
    BLOCKED_POLLS,
    ActivityBroker,
    ActivityFailedError,
    ActivityTask,
    ExecutionEndedError,
    Load,
    TaskEndedError,
    UnknownTaskError,
)

LONG_SECONDS = 60.0
AT_ONCE_SECONDS = 0.0


class Bench:
    """A broker, and tasks for it."""

    def __init__(self, poll_seconds: float = LONG_SECONDS) -> None:
        self.running = {"execution"}
        self.started: list[tuple[str, str | None]] = []
        loop = asyncio.get_running_loop()
        self.broker = ActivityBroker(loop, poll_seconds=poll_seconds, is_running=self.running.__contains__)

    def schedule(self, token: str, **limits: float) -> ActivityTask:
        task = ActivityTask(
            token=token,
            activity_arn="activity",
            execution_arn="execution",
            input="{}",
            timeout_seconds=limits.get("timeout"),
            heartbeat_seconds=limits.get("heartbeat"),
            on_start=lambda worker: self.started.append((token, worker)),
        )
        self.broker.schedule(task)
        return task

    async def poll(self) -> str | None:
        task = await self.broker.poll("activity", "worker")
        return None if task is None else task.token


def on_loop(body: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test's coroutine on an event loop of its own."""

    def test() -> None:
        asyncio.run(body())

    test.__name__ = body.__name__
    return test


@on_loop
async def test_tasks_go_out_in_order_and_each_once() -> None:
    bench = Bench()
    bench.schedule("a")
    bench.schedule("b")
    assert [await bench.poll(), await bench.poll()] == ["a", "b"]
    assert bench.started == [("a", "worker"), ("b", "worker")]


@on_loop
async def test_the_poller_that_waits_longest_gets_the_next_task() -> None:
    bench = Bench()
    first, second = (asyncio.ensure_future(bench.poll()) for _ in range(2))
    await asyncio.sleep(0)
    bench.schedule("a")
    assert await first == "a"
    bench.schedule("b")
    assert await second == "b"


@on_loop
async def test_an_empty_poll_gives_nothing() -> None:
    assert await Bench(poll_seconds=AT_ONCE_SECONDS).poll() is None


@on_loop
async def test_a_poller_that_leaves_with_a_task_in_hand_gives_it_back() -> None:
    bench = Bench()
    leaving = asyncio.ensure_future(bench.poll())
    await asyncio.sleep(0)
    bench.schedule("a")
    leaving.cancel()
    assert await bench.poll() == "a"
    assert bench.started == [("a", "worker")]


@on_loop
async def test_a_completed_task_has_its_outcome_and_a_dead_token() -> None:
    bench = Bench()
    task = bench.schedule("a")
    await bench.poll()
    bench.broker.succeed("a", "1")
    assert task.outcome.result() == "1"
    with pytest.raises(TaskEndedError):
        bench.broker.heartbeat("a")


@on_loop
async def test_a_token_that_was_never_given_out_is_unknown() -> None:
    with pytest.raises(UnknownTaskError):
        Bench().broker.succeed("invented", "1")


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"timeout": 0.01}, "States.Timeout"),
        ({"heartbeat": 0.01, "timeout": 60.0}, "States.HeartbeatTimeout"),
    ],
)
def test_a_started_task_fails_when_a_limit_is_over(limits: dict[str, float], error: str) -> None:
    async def body() -> None:
        bench = Bench()
        task = bench.schedule("a", **limits)
        await bench.poll()
        with pytest.raises(ActivityFailedError) as caught:
            await asyncio.wrap_future(task.outcome)
        assert (caught.value.error, caught.value.timed_out) == (error, True)

    asyncio.run(body())


@on_loop
async def test_the_end_of_an_execution_closes_started_and_queued_tasks() -> None:
    bench = Bench(poll_seconds=AT_ONCE_SECONDS)
    tasks = [bench.schedule(token) for token in ("started", "queued")]
    await bench.poll()
    bench.broker.end_execution("execution")
    assert all(isinstance(task.outcome.exception(), ExecutionEndedError) for task in tasks)
    assert await bench.poll() is None


@on_loop
async def test_a_task_of_an_execution_that_has_ended_meanwhile_is_not_queued() -> None:
    bench = Bench(poll_seconds=AT_ONCE_SECONDS)
    bench.running.clear()
    task = bench.schedule("late")
    assert isinstance(task.outcome.exception(), ExecutionEndedError)
    assert await bench.poll() is None


@on_loop
async def test_it_tells_how_many_tasks_and_polls_wait_and_how_many_tasks_were_taken() -> None:
    bench = Bench()
    for token in ("taken", "first", "second"):
        bench.schedule(token)
    await bench.poll()
    assert bench.broker.load() == Load(waiting_tasks=2, taken_tasks=1, waiting_polls=0)


@on_loop
async def test_a_blocked_poll_and_those_before_it_get_no_task_and_the_others_do() -> None:
    bench = Bench(poll_seconds=0.2)
    polls = [asyncio.ensure_future(bench.poll()) for _ in range(BLOCKED_POLLS - 1)]
    await asyncio.sleep(0)
    blocked = asyncio.ensure_future(bench.broker.poll("activity", "worker", blocked=True))
    await asyncio.sleep(0)
    bench.schedule("first")
    assert await bench.poll() == "first"
    bench.schedule("second")
    assert set(await asyncio.gather(*polls, blocked)) == {None}
    assert await bench.poll() == "second", "it was not lost"
    assert bench.broker.load() == Load(waiting_tasks=0, taken_tasks=2, waiting_polls=0)
