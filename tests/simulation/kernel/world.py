"""One round's time: a heap of events, and actors that run strictly one at a time.

An actor is a greenlet. It runs until it sleeps, waits or calls a service; then the next event is up. A switch
takes 1.6 microseconds, a baton between threads took 24.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.kernel.chance import Chance

START_US: Final = 1_800_000_000_000_000
MICROSECONDS: Final = 1_000_000
TRACED: Final = 20_000
"""Lines of a trace that are kept: the last ones."""

Result = TypeVar("Result")


class KilledError(BaseException):
    """Raised in the actors of a process that was killed; no `except Exception` stops it."""


class Process:
    """What dies, freezes and has a clock together: an environment of a function, or a person's terminal."""

    def __init__(self, world: World, name: str, offset_us: int = 0) -> None:
        self.world = world
        self.name = name
        self.offset_us = offset_us
        self.dead = False
        self.frozen_until = 0
        self.actors: dict[Actor, None] = {}
        self.memory: dict[Any, Any] = {}
        self.died_at = 0
        self.on_death: Callable[[], None] | None = None


class Actor(greenlet):  # type: ignore[misc]
    """A thread of a process."""

    process: Process


class World:
    """Time, events and actors. Times are microseconds since the epoch.

    Attributes:
        now: the true time.
        chance: what the seed decides.
        calls: of each operation, as they were sent.
        trace: what happened, for a person to read; None unless it is wanted.
    """

    def __init__(self, chance: Chance, *, traced: bool = False) -> None:
        self.now = START_US
        self.chance = chance
        self.calls: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.steps = 0
        self.trace: deque[str] | None = deque(maxlen=TRACED) if traced else None
        self._heap: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._sequence = 0
        self._until, self._every = 0, 1
        self._hub = getcurrent()
        self._processes: dict[Process, None] = {}

    @property
    def seconds(self) -> float:
        """Since the round began."""
        return (self.now - START_US) / MICROSECONDS

    def say(self, text: str) -> None:
        """Adds a line to the trace."""
        if self.trace is not None:
            self.trace.append(f"{self.seconds:10.3f}  {text}")

    def at(self, when: int, act: Callable[..., Any], *arguments: Any) -> None:
        """Lets something happen at a time; what is due at the same time happens in the order of asking."""
        self._sequence += 1
        heapq.heappush(self._heap, (max(when, self.now), self._sequence, act, arguments))

    def after(self, seconds: float, act: Callable[..., Any], *arguments: Any) -> None:
        """Lets something happen later."""
        self.at(self.now + round(seconds * MICROSECONDS), act, *arguments)

    def run(self, until: int, enough: Callable[[], bool], *, every: int = 64) -> bool:
        """Goes on until it is enough, which is asked now and then; False if the time is up before."""
        heap = self._heap
        self._until, self._every = until, every
        while heap and heap[0][0] <= until:
            self.now, _, act, arguments = heapq.heappop(heap)
            self.steps += 1
            act(*arguments)
            if self.steps % every == 0 and enough():
                return True
        self.now = max(self.now, until)
        return enough()

    def spawn(self, process: Process, act: Callable[[], Any], done: Callable[[Any, Any], None]) -> Actor:
        """Starts an actor of a process; `done` hears its result and its error, unless it is killed."""

        def body(_: Any) -> None:
            try:
                result, error = act(), None
            except KilledError:
                return
            except Exception as raised:  # noqa: BLE001 - whatever it is, somebody waits for it
                result, error = None, raised
            finally:
                process.actors.pop(actor, None)
            done(result, error)

        actor = Actor(body, parent=self._hub)
        actor.process = process
        process.actors[actor] = None
        self._processes[process] = None
        self.at(self.now, self.resume, actor, None)
        return actor

    def resume(self, actor: Actor, value: Any) -> None:
        """Lets an actor go on with a value, later if its process is frozen."""
        process = actor.process
        if process.dead:
            return
        if process.frozen_until > self.now:
            self.at(process.frozen_until, self.resume, actor, value)
            return
        actor.switch(value)

    def park(self) -> Any:
        """Lets the present actor wait until somebody resumes it, and returns the value that it is given."""
        value = self._hub.switch()
        if current().process.dead:
            raise KilledError
        return value

    def sleep(self, seconds: float) -> None:
        """Lets the present actor wait; if nothing else is due before, it goes on without a switch."""
        actor = current()
        if actor.process.dead:
            raise KilledError
        when = max(self.now, self.now + round(seconds * MICROSECONDS))
        if self._is_next(when) and actor.process.frozen_until <= when:
            self.now = when
            self.steps += 1
            return
        self.at(when, self.resume, actor, None)
        self._hub.switch()

    def _is_next(self, when: int) -> bool:
        """Whether nothing happens before a time or at it, so that `run` would choose what is due then."""
        heap = self._heap
        return (
            (not heap or heap[0][0] > when)
            and when <= self._until
            and self.steps % self._every != 0  # `run` has to ask whether it is enough
        )

    def freeze(self, process: Process, seconds: float) -> None:
        """Stops all of a process for a while; its calls under way go on."""
        process.frozen_until = max(process.frozen_until, self.now + round(seconds * MICROSECONDS))
        self.say(f"{process.name} is paused for {seconds:.0f} s")

    def kill(self, process: Process, why: str) -> None:
        """Ends a process. What its actors still do on their way out reaches nobody."""
        if process.dead:
            return
        process.dead = True
        process.died_at = self.now
        self.say(f"{process.name} is ended: {why}")
        self.at(self.now, self._bury, process)

    def close(self) -> None:
        """Ends all processes. An actor that waits for ever would keep the whole world in memory."""
        for process in self._processes:
            process.dead = True
        for process in self._processes:
            for actor in list(process.actors):
                with suppress(KilledError):  # of one that has not begun
                    actor.throw(KilledError)
        self._processes.clear()
        self._heap.clear()

    def _bury(self, process: Process) -> None:
        self._processes.pop(process, None)
        for actor in list(process.actors):
            with suppress(KilledError):  # of one that has not begun, as its process stood still
                actor.throw(KilledError)
        process.actors.clear()
        if process.on_death is not None:
            process.on_death()


def current() -> Actor:
    """The actor that runs."""
    actor = getcurrent()
    assert isinstance(actor, Actor)
    return actor
