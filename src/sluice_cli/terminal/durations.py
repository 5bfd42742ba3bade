"""Times, spans of time and numbers of samples in words."""

from __future__ import annotations

from datetime import UTC, datetime


def span(seconds: float) -> str:
    """Says how long something took, in its two largest units: `4 min 10 s`, `3 h 5 min`, `2 d 1 h`."""
    if 0 <= seconds < 1:
        return "less than 1 s"
    whole = round(seconds)
    for size, unit, smaller, smaller_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{whole} s"


def moment(at_ms: int) -> str:
    """Says when something happened, in UTC to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def samples(number: int) -> str:
    """Says how many samples: `1 sample`, `1,500 samples`."""
    return f"{number:,} sample{'' if number == 1 else 's'}"
