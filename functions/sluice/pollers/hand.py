"""What the threads of one round of a poller share: the polls that are open, and the tasks that it holds."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.deadline import seconds_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.tasks.model import TaskRecord

POLL_SECONDS: Final = 60 + 5
"""How long a poll may take to bring a task, and that task's intent to be written.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

TASKS_A_THREAD: Final = 2
"""Tasks that a poller may hold for each submitting thread and still poll for more: one in work, one next."""


@dataclass(frozen=True)
class Crew:
    """A poller's threads: so many polls are open at most, and so many tasks are submitted at once."""

    polls: int
    threads: int

    def at_most(self, other: Crew) -> Crew:
        """Leaves out those that the other does not have."""
        return Crew(min(self.polls, other.polls), min(self.threads, other.threads))


BRIEF: Final = Crew(polls=10, threads=2)
"""The most of a probe: a few polls may be blocked for a minute, and it has a small function's memory."""


@dataclass
class Intents:
    """Whether intents cannot be written now, as far as this process knows from its last one."""

    failing: bool = False


def share(total: int, pollers: int, slot: int) -> int:
    """A slot's part of what all pollers have together, at least one."""
    return max(1, (total + pollers - 1 - slot) // pollers)


class Hand:
    """What a poller holds in one round, and whether it may take more. Safe for threads.

    It never holds more than it can submit in time: each job of its tasks takes a slot of the rate, and each
    open poll may bring another task, as large as the largest of the round so far. Only one poll is open while
    nothing is known to fit, and while intents cannot be written: in the Activity tasks wait safely.

    Attributes:
        tasks: that came in this round.
        failed_polls: of which nobody knows what became.
        held_back: a poll waited as too many tasks were open.
    """

    def __init__(self, crew: Crew, intents: Intents, *, rate_per_second: Callable[[], float]) -> None:
        """Holds nothing yet; `rate_per_second` is the rate of jobs that this poller can count on now."""
        self._intents = intents
        self.tasks = self.failed_polls = 0
        self.held_back = False
        self._room_for = TASKS_A_THREAD * crew.threads
        self._rate = rate_per_second
        self._lock = threading.Lock()
        self._room, self._handed = threading.Condition(self._lock), threading.Condition(self._lock)
        self._records: deque[TaskRecord] = deque()
        self._pollers = crew.polls
        self._open = self._in_hand = self._jobs = 0
        self._largest = 1
        self._over = self._failed = False

    def poll_begins(self, seconds_left: Callable[[], float]) -> int | None:
        """Waits until another poll may be open.

        Args:
            seconds_left: in which tasks that it brings can be submitted; none may be begun from 0 on.

        Returns:
            How many tasks came before it, for `poll_ended`; None if the round is over.
        """
        with self._lock:
            while not self._over and (left := seconds_left()) > 0 and not self._has_room(left):
                self._room.wait()
            if self._over or seconds_left() <= 0:
                self._pollers -= 1
                self._room.notify()
                self._handed.notify_all()
                return None
            self._open += 1
            if self._has_room(left):
                self._room.notify()
            return self.tasks

    def poll_ended(self, before: int, *, found: bool) -> None:
        """Notes what a poll brought. One that stayed empty while nothing came or was held ends the round."""
        with self._lock:
            self._open -= 1
            if found:
                self.tasks += 1
                self._in_hand += 1
            elif self.tasks == before and not self._in_hand:
                self._over = True
                self._room.notify_all()

    def poll_failed(self) -> None:
        """Notes that a poll had no clear answer: there may be tasks."""
        with self._lock:
            self._open -= 1
            self.failed_polls += 1

    def intent_failed(self) -> None:
        """Notes that the intent of a task that came could not be written; others would fare no better."""
        with self._lock:
            self._intents.failing = True

    def intent_written(self) -> None:
        """Notes that the table takes intents, or knows this one."""
        with self._lock:
            if self._intents.failing:
                self._intents.failing = False
                self._room.notify()

    def hold(self, record: TaskRecord) -> None:
        """Takes a task whose intent is written, to be submitted."""
        with self._lock:
            jobs = len(record.task.jobs)
            self._jobs += jobs
            self._largest = max(self._largest, jobs)
            self._records.append(record)
            self._handed.notify()

    def next_record(self) -> TaskRecord | None:
        """Waits for a task to submit; None if the round is over and there are none left."""
        with self._lock:
            while not self._records and self._pollers and not self._failed:
                self._handed.wait()
            return self._records.popleft() if self._records else None

    def let_go(self, record: TaskRecord | None) -> None:
        """Notes that a task is done with; None is one that was not to be submitted."""
        with self._lock:
            self._in_hand -= 1
            self._jobs -= len(record.task.jobs) if record else 0
            self._room.notify()

    def give_up(self) -> None:
        """Ends the round, as a thread failed: what comes yet is the reconciler's."""
        with self._lock:
            self._over = self._failed = True
            self._room.notify_all()
            self._handed.notify_all()

    def _has_room(self, seconds_left: float) -> bool:
        if not self._open and not self._in_hand:
            return True
        if self._intents.failing:
            return False
        jobs = self._jobs + (self._open + 1) * self._largest
        return self._in_hand < self._room_for and jobs <= self._rate() * seconds_left


def seconds_left(now_us: int, *, poll_until_us: int, submit_until_us: int, hold_seconds: float) -> float:
    """How long jobs of a task may be submitted that a poll brings which begins now; 0 if it may not begin.

    Args:
        now_us: the time now, in microseconds since the epoch.
        poll_until_us: when the last poll begins.
        submit_until_us: when the last job is submitted.
        hold_seconds: how long a task is held at most.
    """
    if now_us >= poll_until_us:
        return 0
    return max(0.001, min(hold_seconds, seconds_until(now_us, submit_until_us) - POLL_SECONDS))
