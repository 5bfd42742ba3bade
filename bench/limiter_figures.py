"""What a limiter promised and what its callers did, in figures; pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sluice.rate import MICROSECONDS, Limit

WARM_UP_SECONDS: Final = 1
"""The burst of the start is spent by then; what comes later shows the rate alone."""


@dataclass(frozen=True)
class Kept:
    """How a limit was kept by all calls of all processes.

    Attributes:
        calls: that the limiter let pass.
        most_above_rate: calls less rate x seconds, for the worst of all intervals; the burst is its bound.
        share_of_rate: calls a second of the limit's, after the warm-up.
        per_second: calls in each second since the first one; the last second is a part of one.
    """

    calls: int
    most_above_rate: float
    share_of_rate: float
    per_second: tuple[int, ...]


def kept(times_us: Sequence[int], limit: Limit) -> Kept:
    """Compute the figures of calls at these times, in any order.

    Raises:
        ValueError: too few calls to tell.
    """
    times = sorted(times_us)
    if not times or times[-1] - times[0] <= WARM_UP_SECONDS * MICROSECONDS:
        raise ValueError(f"{len(times)} calls last no longer than the warm-up of {WARM_UP_SECONDS} s")
    return Kept(
        calls=len(times),
        most_above_rate=most_above_rate(times, limit.rate_per_second),
        share_of_rate=_share_of_rate(times, limit.rate_per_second),
        per_second=per_second(times),
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


def per_second(times_us: Sequence[int]) -> tuple[int, ...]:
    """Count the calls of each second since the first; times ascend."""
    counted = Counter((at_us - times_us[0]) // MICROSECONDS for at_us in times_us)
    return tuple(counted[second] for second in range(max(counted) + 1))


def _share_of_rate(times_us: Sequence[int], rate_per_second: float) -> float:
    begin_us = times_us[0] + WARM_UP_SECONDS * MICROSECONDS
    later = sum(at_us > begin_us for at_us in times_us)
    return later * MICROSECONDS / (times_us[-1] - begin_us) / rate_per_second
