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


@dataclass(frozen=True)
class Limit:
    """What is allowed: never more than `rate_per_second` * seconds + `burst` calls in any interval."""

    rate_per_second: float
    burst: int = 10
    floor_per_second: float = 1.0
    climb_per_second: float = 1.0


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
        """When each slot may be used, earliest first; a time in the past means now."""
        return tuple(self.start_us + index * self.gap_us for index in range(self.slots))


def gap_us(rate_per_second: float) -> int:
    """The time between two slots, rounded up so that the rate is never exceeded."""
    return -int(-MICROSECONDS // rate_per_second)


def earliest_us(now_us: int, limit: Limit, rate_per_second: float) -> int:
    """The earliest slot that an idle limiter still grants: unused time older than the burst is lost."""
    return now_us - (limit.burst - 1) * gap_us(rate_per_second)


def fresh(now_us: int, limit: Limit) -> RateState:
    """The state of a limiter that nobody has used yet."""
    rate = limit.rate_per_second
    return RateState(arrival_us=earliest_us(now_us, limit, rate), rate_per_second=rate, changed_us=now_us)


def reserve(state: RateState, slots: int, *, now_us: int, limit: Limit) -> tuple[RateState, Reservation]:
    """Takes slots; returns the state after it and the reservation."""
    gap = gap_us(state.rate_per_second)
    start = max(state.arrival_us, earliest_us(now_us, limit, state.rate_per_second))
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
