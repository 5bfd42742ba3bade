"""One round of the activity poller: threads that take tasks from the Activity until the time is up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.deadline import until_us
from sluice.errors import ServiceError, ThrottledError, UnclearError
from sluice.tasks.submission import LAST_SUBMIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.ports import Clock, Telemetry
    from sluice.tasks.model import ActivityTask
    from sluice.tasks.ports import ActivityQueue
    from sluice.tasks.submitter import Submitter

LAST_POLL_SECONDS: Final = 60 + 15 + LAST_SUBMIT_SECONDS
"""The last long poll starts this long before the function's deadline. GetActivityTask holds for up to
60 s; a task that arrives then must still be submitted, and one that arrived after the function was
ended would be lost.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""


PAUSE_SECONDS: Final = 1
"""How long a thread waits after a long poll that failed."""


@dataclass(frozen=True)
class Round:
    """When a round must end: `poll_until_us` for new polls, `submit_until_us` for new jobs."""

    poll_until_us: int
    submit_until_us: int


def plan_round(now_us: int, *, remaining_seconds: float, round_seconds: int) -> Round:
    """Fits a round of the wanted length into what remains of the function's time."""
    until = partial(until_us, now_us, remaining_seconds=remaining_seconds)
    return Round(
        poll_until_us=until(spare_seconds=LAST_POLL_SECONDS, most_seconds=round_seconds),
        submit_until_us=until(spare_seconds=LAST_SUBMIT_SECONDS),
    )


class _Tally:
    """What the threads of one round know of each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tasks = 0
        self.idle = False
        self._in_hand = 0

    @contextmanager
    def task_in_hand(self) -> Iterator[None]:
        with self._lock:
            self.tasks += 1
            self._in_hand += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_hand -= 1

    def empty_poll(self, tasks_before: int) -> None:
        with self._lock:
            self.idle = self.idle or (self.tasks == tasks_before and self._in_hand == 0)


@dataclass(frozen=True)
class PollerPool:
    """Takes tasks with a bounded number of threads.

    The first poll that stays empty while no other thread has work or finds any ends the round for all:
    an idle poller is gone after one long poll, and a busy one keeps all of its threads.
    """

    queue: ActivityQueue
    submitter: Submitter
    clock: Clock
    telemetry: Telemetry

    def run(self, threads: int, round_: Round) -> int:
        """Runs one round and returns the number of tasks that it took from the Activity."""
        tally = _Tally()
        with ThreadPoolExecutor(threads, thread_name_prefix="poller") as pool:
            for worker in [pool.submit(self._work, round_, tally) for _ in range(threads)]:
                worker.result()
        return tally.tasks

    def _work(self, round_: Round, tally: _Tally) -> None:
        while not tally.idle and self.clock.now_us() < round_.poll_until_us:
            before = tally.tasks
            try:
                task = self.queue.next_task()
            except (ThrottledError, UnclearError) as error:
                self.telemetry.poll_failed(error)
                self.clock.sleep(PAUSE_SECONDS)
                continue
            if task is None:
                tally.empty_poll(before)
                continue
            with tally.task_in_hand():
                self._take(task, round_)

    def _take(self, task: ActivityTask, round_: Round) -> None:
        try:
            self.submitter.take(task, until_us=round_.submit_until_us)
        except ServiceError as error:
            self.telemetry.task_left(task.token, error)
