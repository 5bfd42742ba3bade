"""Stands in for `threading` and `concurrent.futures` in a process of the simulation."""

from __future__ import annotations

import threading as real
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from greenlet import getcurrent

from tests.simulation.kernel.world import Actor, KilledError, current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Lock:
    """A lock; who waits gets it in the order of asking."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[Actor] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._held:
            self._held = True
            return True
        if not blocking:
            return False
        assert timeout < 0, "no lock of Sluice's has a time limit"
        actor = current()
        if actor.process.dead:
            raise KilledError
        self._waiting.append(actor)
        actor.process.world.park()
        return True

    def release(self) -> None:
        if self._waiting:
            actor = self._waiting.popleft()
            world = actor.process.world
            world.at(world.now, world.resume, actor, None)
        else:
            self._held = False

    def locked(self) -> bool:
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """A lock that its holder may take again."""

    def __init__(self) -> None:
        super().__init__()
        self._owner: Any = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        me = getcurrent()
        if self._owner is not me:
            if not super().acquire(blocking, timeout):
                return False
            self._owner = me
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
            super().release()


class Condition:
    """What threads that hold a lock wait for, and are told of in the order of asking."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or Lock()
        self._waiting: deque[Actor] = deque()

    def wait(self) -> None:
        actor = current()
        if actor.process.dead:
            raise KilledError
        self._waiting.append(actor)
        self._lock.release()
        actor.process.world.park()
        self._lock.acquire()

    def notify(self, number: int = 1) -> None:
        for _ in range(min(number, len(self._waiting))):
            actor = self._waiting.popleft()
            world = actor.process.world
            world.at(world.now, world.resume, actor, None)

    def notify_all(self) -> None:
        self.notify(len(self._waiting))


class Event:
    """Something that many may wait for."""

    def __init__(self) -> None:
        self._set = False
        self._waiting: list[Actor] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        waiting, self._waiting = self._waiting, []
        for actor in waiting:
            world = actor.process.world
            world.at(world.now, world.resume, actor, None)

    def wait(self) -> bool:
        if not self._set:
            actor = current()
            if actor.process.dead:
                raise KilledError
            self._waiting.append(actor)
            actor.process.world.park()
        return True


class Threading:
    """The names of `threading` that Sluice uses."""

    Lock = Lock
    RLock = RLock
    Condition = Condition
    Event = Event
    local = real.local


class Future(Event):
    """What becomes of a piece of work."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self._act = act
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._act()
        except Exception as raised:  # noqa: BLE001 - it is the caller's
            self._error = raised
        self.set()

    def result(self) -> Any:
        self.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def done(self) -> bool:
        return self.is_set()


def _nobody_waits(_result: Any, _error: Any) -> None:
    """What a future holds is heard by its own."""


class ThreadPoolExecutor:
    """So many actors of the present process."""

    def __init__(self, max_workers: int = 8, thread_name_prefix: str = "") -> None:
        self._most, self._running = max_workers, 0
        self._pending: deque[Future] = deque()
        self._all: list[Future] = []
        self._name = thread_name_prefix

    def submit(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> Future:
        future = Future(partial(act, *arguments, **named) if arguments or named else act)
        self._all.append(future)
        self._pending.append(future)
        if self._running < self._most:
            self._running += 1
            process = current().process
            process.world.spawn(process, self._work, _nobody_waits)
        return future

    def map(self, act: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        futures = [self.submit(act, item) for item in items]
        return (future.result() for future in futures)

    def _work(self) -> None:
        while self._pending:
            self._pending.popleft().run()
        self._running -= 1

    def shutdown(self, wait: bool = True) -> None:
        for future in self._all if wait else ():
            future.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
