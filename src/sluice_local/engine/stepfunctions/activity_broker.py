"""Hands activity tasks to pollers, each exactly once, and keeps their clocks.

It knows nothing of MiniStack. All of it runs on one event loop, so nothing needs a lock; an execution's
thread hands a task over with `call_soon_threadsafe` and waits for its `outcome`.
"""

import asyncio
import concurrent.futures
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

# "The maximum number of activity pollers per ARN", https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_POLLERS = 1000


# How many polls a dropped token blocks is not documented. With 100 open polls "many more" still get tasks,
# with a few none does, https://docs.aws.amazon.com/step-functions/latest/dg/bp-activity-pollers.html
BLOCKED_POLLS = 50


class TaskEndedError(Exception):
    """Raised when a token's task has been closed: completed, timed out or its execution ended."""


class UnknownTaskError(Exception):
    """Raised for a token that was never given out."""


class PollerLimitError(Exception):
    """Raised when an activity already has as many pollers as AWS allows."""


class ActivityFailedError(Exception):
    """The outcome of a task that failed or timed out."""

    def __init__(self, error: str, cause: str, *, timed_out: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.timed_out = timed_out


class ExecutionEndedError(BaseException):
    """The outcome of a task whose execution was stopped or timed out.

    It is no `Exception`, like `asyncio.CancelledError`: no Retry or Catch may take it for a task's failure.
    """


@dataclass(eq=False)
class ActivityTask:
    """One attempt of an Activity state.

    Attributes:
        token: the task token.
        activity_arn: the activity whose pollers may take it.
        execution_arn: the execution that waits for it.
        input: JSON text for the worker.
        timeout_seconds: `TimeoutSeconds`, counted from the moment a poller takes the task; None is no limit.
        heartbeat_seconds: `HeartbeatSeconds`, likewise, and counted anew at each heartbeat.
        on_start: called with the worker's name when a poller takes the task.
        outcome: the output as JSON text, or `ActivityFailedError`, or `ExecutionEndedError`.
    """

    token: str
    activity_arn: str
    execution_arn: str
    input: str
    timeout_seconds: float | None
    heartbeat_seconds: float | None
    on_start: Callable[[str | None], None]
    outcome: concurrent.futures.Future[str] = field(default_factory=concurrent.futures.Future)
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """How many tasks wait for a poll, how many were taken and are open, and how many polls wait."""

    waiting_tasks: int
    taken_tasks: int
    waiting_polls: int


_Poller = asyncio.Future[ActivityTask | None]


class ActivityBroker:
    """The activity queues of one server; every method runs on `loop`'s thread.

    Args:
        loop: the event loop that serves the pollers.
        poll_seconds: how long a poll waits for a task.
        is_running: tells whether an execution (by ARN) still runs.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, poll_seconds: float, is_running: Callable[[str], bool]
    ) -> None:
        self._loop = loop
        self._poll_seconds = poll_seconds
        self._is_running = is_running
        self._queues: defaultdict[str, deque[ActivityTask]] = defaultdict(deque)
        self._pollers: defaultdict[str, deque[_Poller]] = defaultdict(deque)
        self._open: dict[str, ActivityTask] = {}
        self._closed: set[str] = set()
        self._blocked: set[_Poller] = set()

    def schedule(self, task: ActivityTask) -> None:
        """Queue `task`, or give it to the poller that has waited longest."""
        if not self._is_running(task.execution_arn):
            task.outcome.set_exception(ExecutionEndedError())
            return
        self._open[task.token] = task
        self._queues[task.activity_arn].append(task)
        self._match(task.activity_arn)

    async def poll(
        self, activity_arn: str, worker_name: str | None, *, blocked: bool = False
    ) -> ActivityTask | None:
        """Return the next task of the activity, now started, or None when the poll's time is over.

        A poll that is `blocked` gets no task, nor do those that wait for longest, `BLOCKED_POLLS` with it.

        Raises:
            PollerLimitError: if the activity has `MAX_POLLERS` pollers already.
        """
        pollers = self._pollers[activity_arn]
        if len(pollers) >= MAX_POLLERS:
            raise PollerLimitError(activity_arn)
        poller: _Poller = self._loop.create_future()
        pollers.append(poller)
        if blocked:
            self._blocked.update([*pollers][: BLOCKED_POLLS - 1], [poller])
        self._match(activity_arn)
        timer = self._loop.call_later(self._poll_seconds, _give_up, poller)
        try:
            task = await poller
        except asyncio.CancelledError:
            self._take_back(poller)
            raise
        finally:
            timer.cancel()
            self._blocked.discard(poller)
            if poller in pollers:
                pollers.remove(poller)
        if task is None or task.outcome.done():
            return None
        self._start(task, worker_name)
        return task

    def succeed(self, token: str, output: str) -> None:
        """Complete a task with `output` (JSON text)."""
        self._close(self._find(token)).set_result(output)

    def fail(self, token: str, error: str, cause: str) -> None:
        """Complete a task with an error."""
        self._close(self._find(token)).set_exception(ActivityFailedError(error, cause))

    def heartbeat(self, token: str) -> None:
        """Count a task's `HeartbeatSeconds` anew."""
        self._restart_heartbeat(self._find(token))

    def end_execution(self, execution_arn: str) -> None:
        """Close every open task of an execution that has ended; nobody is told."""
        for task in [each for each in self._open.values() if each.execution_arn == execution_arn]:
            self._close(task).set_exception(ExecutionEndedError())

    def end_task(self, task: ActivityTask) -> None:
        """Close a task whose branch of the execution was stopped, if it is open; nobody is told."""
        if task.token in self._open:
            self._close(task).set_exception(ExecutionEndedError())

    def load(self) -> Load:
        """Count what is open, over all activities."""
        waiting = sum(len(queue) for queue in self._queues.values())
        polls = sum(len(pollers) for pollers in self._pollers.values())
        return Load(waiting, len(self._open) - waiting, polls)

    def _match(self, activity_arn: str) -> None:
        queue, pollers = self._queues[activity_arn], self._pollers[activity_arn]
        free = [each for each in pollers if not each.done() and each not in self._blocked] if queue else []
        for poller in free[: len(queue)]:
            pollers.remove(poller)
            poller.set_result(queue.popleft())

    def _take_back(self, poller: _Poller) -> None:
        """The poller's client has gone: what it was about to be given stays first in the queue."""
        if poller.done() and not poller.cancelled():
            task = poller.result()
            if task is not None and not task.outcome.done():
                self._queues[task.activity_arn].appendleft(task)
                self._match(task.activity_arn)

    def _start(self, task: ActivityTask, worker_name: str | None) -> None:
        task.on_start(worker_name)
        if task.timeout_seconds is not None:
            self._set_timer(task, "States.Timeout", task.timeout_seconds)
        self._restart_heartbeat(task)

    def _restart_heartbeat(self, task: ActivityTask) -> None:
        if task.heartbeat_seconds is not None:
            self._set_timer(task, "States.HeartbeatTimeout", task.heartbeat_seconds)

    def _set_timer(self, task: ActivityTask, error: str, seconds: float) -> None:
        if earlier := task.timers.get(error):
            earlier.cancel()
        task.timers[error] = self._loop.call_later(seconds, self._expire, task, error)

    def _expire(self, task: ActivityTask, error: str) -> None:
        self._close(task).set_exception(ActivityFailedError(error, "", timed_out=True))

    def _find(self, token: str) -> ActivityTask:
        if token in self._closed:
            raise TaskEndedError(token)
        try:
            return self._open[token]
        except KeyError:
            raise UnknownTaskError(token) from None

    def _close(self, task: ActivityTask) -> concurrent.futures.Future[str]:
        """Make the token dead; return where the task's outcome is to be put."""
        del self._open[task.token]
        self._closed.add(task.token)
        for timer in task.timers.values():
            timer.cancel()
        queue = self._queues[task.activity_arn]
        if task in queue:
            queue.remove(task)
        return task.outcome


def _give_up(poller: _Poller) -> None:
    if not poller.done():
        poller.set_result(None)
