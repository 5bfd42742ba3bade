"""Sluice's own limiter in virtual time: only its threads, its clock and its table are replaced."""

from collections import deque
from typing import TYPE_CHECKING

from bench.scale.world import Steps, World
from sluice.rate import gcra as rate
from sluice.rate.gcra import MICROSECONDS, Limit, RateState, Reservation
from sluice.rate.limiter import Limiter

if TYPE_CHECKING:
    import simpy

START_US = 1_800_000_000 * MICROSECONDS
"""Virtual time 0; the limiter's arithmetic needs a time since the epoch."""


class VirtualClock:
    """The time of a simulated run; implements ports.Clock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        return START_US + round(self._world.env.now * MICROSECONDS)

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self.now_us() // 1000

    def sleep(self, seconds: float) -> None:
        """Nothing can wait inside a call here.

        Raises:
            NotImplementedError: always; a process yields an event instead.
        """
        raise NotImplementedError(f"to sleep {seconds} s, yield an event of SimPy's")


class MemoryRates:
    """The rate table; implements ports.RateStore. It changes at once: the limiter waits for the write.

    Attributes:
        writes: so far.
    """

    def __init__(self) -> None:
        self.writes = 0
        self._states: dict[str, RateState] = {}

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        """Takes slots that nobody else has, unless the first falls due after `until_us`."""
        self.writes += 1
        state = self._states.get(api) or rate.fresh(now_us, limit)
        raised = rate.climbed(state, now_us=now_us, limit=limit)
        after, taken = rate.reserve(raised, slots, now_us=now_us, limit=limit)
        if until_us is not None and taken.start_us > until_us:
            return None
        self._states[api] = after
        return taken

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        """Lowers the shared rate after a 429."""
        self.writes += 1
        state = self._states.get(api) or rate.fresh(now_us, limit)
        self._states[api] = rate.backed_off(state, now_us=now_us, limit=limit)


class VirtualLimiter(Limiter):
    """The limiter of one poller, whose threads are processes.

    `take` is `wait` with SimPy's lock in the place of the threads': as there, the thread that finds no slot
    writes while the others queue behind it, and takes as many slots as threads were waiting when it began.
    """

    def __init__(self, world: World, rates: MemoryRates, limit: Limit) -> None:
        super().__init__("SubmitJob", limit=limit, store=rates, clock=VirtualClock(world))
        self._world = world
        self._rates = rates
        self._is_taking = False
        self._queue: deque[simpy.Event] = deque()

    def take(self, until_us: int) -> Steps[bool]:
        """Waits for a slot; True when one call may be made, False if that would come after `until_us`."""
        env = self._world.env
        self._change_waiting(1)
        if self._is_taking:
            self._queue.append(env.event())
            yield self._queue[-1]
        self._is_taking = True
        due_us = yield from self._next(until_us)
        while due_us is not None and self.is_late(due_us):
            due_us = yield from self._next(until_us)
        self._pass_turn()
        self._change_waiting(-1)
        if due_us is None or max(due_us, self._clock.now_us()) > until_us:
            return False
        wait_us = due_us - self._clock.now_us()
        if wait_us > 0:
            yield env.timeout(wait_us / MICROSECONDS)
        return True

    def _next(self, until_us: int) -> Steps[int | None]:
        """The next slot, once it is this poller's turn to take some; None if that is after `until_us`."""
        env, writes = self._world.env, self._rates.writes
        if not self._due and self._is_anothers_turn():
            if self._turn_us >= until_us:
                return None
            yield env.timeout((self._turn_us - self._clock.now_us()) / MICROSECONDS)
        due_us = self._next_slot(until_us)
        if self._rates.writes > writes:
            yield env.timeout(self._world.scenario.delays.write)
        return due_us

    def _pass_turn(self) -> None:
        """Lets the thread that has queued longest take its slot; nobody can come between."""
        if self._queue:
            self._queue.popleft().succeed()
        else:
            self._is_taking = False
