"""What a limiter promised and what its callers did, in figures; pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sluice.rate.gcra import MICROSECONDS, Limit

WARM_UP_SECONDS: Final = 1
"""The burst of the start is spent by then; what comes later shows the rate alone."""


@dataclass(frozen=True)
class Demand:
    """The time in which callers asked for slot after slot, in microseconds since the epoch."""

    begin_us: int
    until_us: int


@dataclass(frozen=True)
class Kept:
    """How a limit was kept by all calls of all processes.

    Attributes:
        calls: that the limiter let pass.
        most_above_rate: calls less rate x seconds, for the worst of all intervals; the burst is its bound.
        share_of_rate: calls a second of the limit's, from the warm-up to the end of the demand.
        per_second: calls in each whole second of the demand.
    """

    calls: int
    most_above_rate: float
    share_of_rate: float
    per_second: tuple[int, ...]


def kept(times_us: Sequence[int], limit: Limit, demand: Demand) -> Kept:
    """Compute the figures of calls at these times, in any order.

    Raises:
        ValueError: the demand ended with the warm-up.
    """
    steady = Demand(demand.begin_us + WARM_UP_SECONDS * MICROSECONDS, demand.until_us)
    if steady.begin_us >= steady.until_us:
        raise ValueError(f"measure for longer than the warm-up of {WARM_UP_SECONDS} s")
    times = sorted(times_us)
    return Kept(
        calls=len(times),
        most_above_rate=most_above_rate(times, limit.rate_per_second),
        share_of_rate=_calls_per_second(times, steady) / limit.rate_per_second,
        per_second=per_second(times, demand),
    )


def most_above_rate(times_us: Sequence[int], rate_per_second: float) -> float:
    """Compute the largest of: calls in an interval, less rate x its length; over all intervals.

    The calls i to j are j - i + 1 within t[j] - t[i] seconds. With f(k) = k - rate x t[k] that is
    f(j) - f(i) + 1 above the rate, so one pass that keeps the smallest f so far looks at every pair.

    Args:
        times_us: times of the calls in microseconds, ascending.
        rate_per_second: the rate.
    """
    smallest, most = float("inf"), 0.0
    for index, at_us in enumerate(times_us):
        drift = index - rate_per_second * (at_us - times_us[0]) / MICROSECONDS
        smallest = min(smallest, drift)
        most = max(most, drift - smallest + 1)
    return most


def per_second(times_us: Sequence[int], demand: Demand) -> tuple[int, ...]:
    """Count the calls of each whole second."""
    counted = Counter((at_us - demand.begin_us) // MICROSECONDS for at_us in times_us)
    return tuple(counted[second] for second in range((demand.until_us - demand.begin_us) // MICROSECONDS))


def seconds_to_recover(counts: Sequence[int], *, after_second: int, at_least: float) -> int | None:
    """Count the seconds from `after_second` to the first one with so many calls; None if there is none."""
    found = (second for second, calls in enumerate(counts) if second >= after_second and calls >= at_least)
    first = next(found, None)
    return None if first is None else first - after_second


def _calls_per_second(times_us: Sequence[int], demand: Demand) -> float:
    within = sum(demand.begin_us < at_us <= demand.until_us for at_us in times_us)
    return within * MICROSECONDS / (demand.until_us - demand.begin_us)
