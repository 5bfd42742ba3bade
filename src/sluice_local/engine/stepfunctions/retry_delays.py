"""Retries that wait as long as on AWS.

AWS: a retrier waits `IntervalSeconds` times `BackoffRate` to the power of the retries so far, at most
`MaxDelaySeconds`, and with `JitterStrategy` FULL a random part of that,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error.

MiniStack 1.5.33: ignores `MaxDelaySeconds` and `JitterStrategy` (and never waits longer than 60 seconds).

Fixed by computing the delay and giving MiniStack a retrier that waits just that.
"""

import functools
import random
from collections.abc import Callable
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

Retrier = dict[str, Any]


def delay_seconds(retrier: Retrier, retries: int, draw: Callable[[], float]) -> float:
    """Return how long to wait before the next attempt.

    Args:
        retrier: one entry of a state's `Retry`.
        retries: how often it was used already.
        draw: gives a random number from 0 to 1, for `JitterStrategy` FULL.
    """
    backoff: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    longest: float = min(backoff, retrier.get("MaxDelaySeconds", backoff))
    return longest * draw() if retrier.get("JitterStrategy") == "FULL" else longest


def install() -> None:
    """Let every retry wait as its retrier says."""
    ministack.wrap("services.stepfunctions._find_matching_retrier", _with_delay)


def _with_delay(find_matching_retrier: Private) -> Private:
    @functools.wraps(find_matching_retrier)
    def find(retriers: list[Retrier], error: str, retry_counts: dict[int, int]) -> tuple[Retrier | None, int]:
        retrier, number = find_matching_retrier(retriers, error, retry_counts)
        if retrier is None:
            return None, number
        seconds = delay_seconds(retrier, retry_counts.get(number, 0), random.random)
        return {**retrier, "IntervalSeconds": seconds, "BackoffRate": 1}, number

    return find
