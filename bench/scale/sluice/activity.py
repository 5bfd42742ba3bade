"""The Activity's queue: tasks wait for a poll, polls wait for a task."""

from collections import deque
from typing import NamedTuple

import simpy

from bench.scale.world import World

POLL_SECONDS = 60.0
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html"""


class QueuedTask(NamedTuple):
    """The activity task of one step of a sample, and when its job could first be submitted."""

    sample: int
    step: int
    ready_at: float = 0.0


class ActivityQueue:
    """First in, first out; every task is handed out once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: deque[QueuedTask] = deque()
        self._polls: deque[simpy.Event] = deque()

    def put(self, task: QueuedTask) -> None:
        """Hands the task to the poll that has waited longest, or keeps it for the next."""
        while self._polls:
            poll = self._polls.popleft()
            if not poll.triggered:
                poll.succeed(task)
                return
        self._tasks.append(task)

    def poll(self) -> simpy.Event:
        """One GetActivityTask: an event whose value is a task, or None after a minute without one."""
        self._world.admit("States.GetActivityTask")
        if self._tasks:
            return self._world.env.timeout(self._world.scenario.delays.call, self._tasks.popleft())
        poll = self._world.env.event()
        self._polls.append(poll)
        self._world.after(POLL_SECONDS, lambda: _give_up(poll))
        return poll


def _give_up(poll: simpy.Event) -> None:
    if not poll.triggered:
        poll.succeed(None)
