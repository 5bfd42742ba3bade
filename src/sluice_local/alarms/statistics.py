"""What a metric's data amount to in one period."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


class StatisticError(ValueError):
    """Raised for a statistic that is not known here."""


@dataclass(frozen=True)
class Observation:
    """Values that a metric had at one moment.

    Attributes:
        at_second: seconds since the epoch.
        count, total, minimum, maximum: of the values.
    """

    at_second: float
    count: float
    total: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, at_second: float, value: float, count: float = 1.0) -> "Observation":
        """Return the observation of one value, seen so many times."""
        return cls(at_second, count, value * count, value, value)


def statistic(name: str, observations: Sequence[Observation]) -> float | None:
    """Return a statistic of a period; None where it has no data.

    A percentile needs the values themselves, so there is none of an observation that sums up different ones.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html

    Raises:
        StatisticError: there is no such statistic here.
    """
    seen = [each for each in observations if each.count > 0]
    if match := _PERCENTILE.fullmatch(name):
        return _percentile(seen, float(match[1]))
    count, total = sum(each.count for each in seen), sum(each.total for each in seen)
    match name:
        case "SampleCount":
            return count if seen else None
        case "Sum":
            return total if seen else None
        case "Average":
            return total / count if seen else None
        case "Minimum":
            return min((each.minimum for each in seen), default=None)
        case "Maximum":
            return max((each.maximum for each in seen), default=None)
    raise StatisticError(
        f"Statistic {name!r} is not known: give SampleCount, Sum, Average, Minimum, Maximum or p99."
    )


def _percentile(seen: Sequence[Observation], percent: float) -> float | None:
    """Interpolate between the two nearest ranks."""
    if not seen or any(each.minimum != each.maximum for each in seen):
        return None
    ordered = sorted((each.minimum, each.count) for each in seen)
    rank = percent / 100 * max(sum(count for _, count in ordered) - 1, 0)
    below = int(rank)
    low, high = _at_rank(ordered, below), _at_rank(ordered, below + 1)
    return low + (rank - below) * (high - low)


def _at_rank(ordered: Sequence[tuple[float, float]], rank: int) -> float:
    passed = 0.0
    for value, count in ordered:
        passed += count
        if rank < passed:
            return value
    return ordered[-1][0]
