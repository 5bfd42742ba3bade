"""The limiter's arithmetic: GCRA for slots, AIMD for the rate. Pure; `now_us` is an argument.

GCRA (generic cell rate algorithm, ITU-T I.371, annex A) needs one number, the theoretical arrival
time: when the next slot falls due if everybody keeps to the rate. AIMD (Chiu and Jain, 1989) lets
every poller of the account converge on what the API really gives. Times are integer microseconds
since the epoch, so that the arithmetic is exact wherever the number is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

MICROSECONDS: Final = 1_000_000
BACK_OFF_FACTOR: Final = 0.5
BACK_OFF_SECONDS: Final = 1
"""As long must pass between two steps down: the 429s of one burst count once."""

MAX_BLOCK: Final = 10
"""Slots a write at most."""

TURN_SECONDS: Final = 0.08
"""How much of the rate one write takes: at 50 a second four slots, with twelve writes a second."""

AHEAD_SECONDS: Final = 30
"""How far in the future a slot may lie that somebody takes; who has to wait longer asks again later."""

HORIZON_SECONDS: Final = 2 * AHEAD_SECONDS
"""A slot that lies farther ahead than this, and than a block of slots, was taken by somebody whose clock is
wrong: nobody waits for it."""


@dataclass(frozen=True)
class Limit:
    """What is allowed: never more than `rate_per_second` * seconds + `burst` calls in any interval.

    No caller uses its slot at the very moment at which it falls due: writes take time, threads are held up.
    With slots a gap apart and each used at most `burst` - 1 gaps late, the bound holds all the same, as an
    interval of t seconds can only hold slots that fell due within t + (`burst` - 1) gaps. So half of the
    burst is for callers that come at once after a pause, and the other half is for their being late.
    A burst of 1 counts as 2, since nobody could keep to it.

    Attributes:
        rate_per_second: calls a second that go on for ever.
        burst: calls on top of them.
        floor_per_second: the rate below which no 429 lowers it.
        climb_per_second: what the rate gains each second after it was lowered.
        processes: how many processes of a stack want slots; together they get as many as another stack.
    """

    rate_per_second: float
    burst: int = 10
    floor_per_second: float = 1.0
    climb_per_second: float = 1.0
    processes: int = 1

    @property
    def block(self) -> int:
        """Slots that a process takes at once, and so its share where all who want slots take turns.

        It is small, so that a process with few threads has as many waiting as it may take.
        """
        return max(1, self._turn // self.processes)

    @property
    def lead_us(self) -> int:
        """How long before a block begins its taker may take the next one: time enough to write it."""
        return self._turn * gap_us(self.rate_per_second)

    @property
    def _turn(self) -> int:
        return min(MAX_BLOCK, max(2, round(self.rate_per_second * TURN_SECONDS)))

    @property
    def at_once(self) -> int:
        """How many slots an idle limiter grants at once."""
        return (self.burst + 1) // 2

    @property
    def usable_us(self) -> int:
        """How long after it fell due a slot may still be used."""
        return max(1, self.burst - 1) * gap_us(self.rate_per_second)

    @property
    def spare_us(self) -> int:
        """How long the oldest slot that an idle limiter grants is usable: how late its caller may be."""
        return self.usable_us - (self.at_once - 1) * gap_us(self.rate_per_second)


@dataclass(frozen=True)
class RateState:
    """The rate item: the theoretical arrival time, the present rate, when it last changed and last fell."""

    arrival_us: int
    rate_per_second: float
    changed_us: int
    lowered_us: int = 0


@dataclass(frozen=True)
class Reservation:
    """Slots that are the caller's alone: the first falls due at `start_us`, the others `gap_us` apart."""

    start_us: int
    gap_us: int
    slots: int

    @property
    def due_us(self) -> tuple[int, ...]:
        """When each slot falls due, earliest first; a time in the past means now."""
        return tuple(self.start_us + index * self.gap_us for index in range(self.slots))


def gap_us(rate_per_second: float) -> int:
    """The time between two slots, rounded up so that the rate is never exceeded."""
    return -int(-MICROSECONDS // rate_per_second)


def earliest_us(now_us: int, limit: Limit) -> int:
    """The earliest slot that an idle limiter still grants: older unused time is lost."""
    return now_us - (limit.at_once - 1) * gap_us(limit.rate_per_second)


def fresh(now_us: int, limit: Limit) -> RateState:
    """The state of a limiter that nobody has used yet."""
    return RateState(earliest_us(now_us, limit), limit.rate_per_second, changed_us=now_us)


def horizon_us(now_us: int, rate_per_second: float) -> int:
    """The latest arrival time that callers with clocks as they should be can have brought about."""
    return now_us + HORIZON_SECONDS * MICROSECONDS + MAX_BLOCK * gap_us(rate_per_second)


def reserve(state: RateState, slots: int, *, now_us: int, limit: Limit) -> tuple[RateState, Reservation]:
    """Takes slots; returns the state after it and the reservation.

    An arrival time beyond the horizon is taken for that of an idle limiter.
    """
    gap = gap_us(state.rate_per_second)
    earliest = earliest_us(now_us, limit)
    ahead = state.arrival_us > horizon_us(now_us, state.rate_per_second)
    start = earliest if ahead else max(state.arrival_us, earliest)
    return replace(state, arrival_us=start + slots * gap), Reservation(start, gap, slots)


def climbed(state: RateState, *, now_us: int, limit: Limit) -> RateState:
    """Raises the rate additively towards the limit, a step for each whole second since it last changed.

    A rate above the limit (the limit was lowered by a deployment) falls to it at once.
    """
    seconds = max(0, now_us - state.changed_us) // MICROSECONDS
    rate = min(limit.rate_per_second, state.rate_per_second + seconds * limit.climb_per_second)
    if rate == state.rate_per_second:
        return state
    return replace(state, rate_per_second=rate, changed_us=now_us)


def backed_off(state: RateState, *, now_us: int, limit: Limit) -> RateState:
    """Lowers the rate multiplicatively after a 429, at most once in BACK_OFF_SECONDS."""
    if now_us - state.lowered_us < BACK_OFF_SECONDS * MICROSECONDS:
        return state
    floor = min(limit.floor_per_second, limit.rate_per_second)
    rate = max(floor, state.rate_per_second * BACK_OFF_FACTOR)
    return replace(state, rate_per_second=rate, changed_us=now_us, lowered_us=now_us)
