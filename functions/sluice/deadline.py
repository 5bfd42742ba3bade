"""How much of a function's time may be used for what; pure."""

from __future__ import annotations

from sluice.rate.gcra import MICROSECONDS


def until_us(
    now_us: int, *, remaining_seconds: float, spare_seconds: float, most_seconds: float = 900
) -> int:
    """Says until when work may begin, in microseconds since the epoch.

    Args:
        now_us: the time now, in microseconds since the epoch.
        remaining_seconds: what is left of the function's time.
        spare_seconds: what must be left of it when the last piece of work begins.
        most_seconds: no longer than this from now on, however much is left; a function has 900 s at most.
            https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    return now_us + int(min(most_seconds, remaining_seconds - spare_seconds) * MICROSECONDS)


def seconds_until(now_us: int, at_us: int) -> float:
    """Says how long it is until a time, in seconds; below 0 if it is over. Both are in microseconds."""
    return (at_us - now_us) / MICROSECONDS
