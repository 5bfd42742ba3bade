"""Jobs and whole runs for the tests of the bench."""

from collections.abc import Mapping
from typing import Any

from bench.contenders.contender import Ended
from bench.machine import CpuSample
from bench.observation import Seen, SeenJob
from sluice_local.observing import ApiCalls, Usage

HANDED_OVER_S = 1000.0


def a_job(sample: str | None, created: float, started: float, stopped: float) -> SeenJob:
    """Make a job; times are seconds since the hand-over."""
    at = HANDED_OVER_S
    return SeenJob(sample, "SUCCEEDED", at + created, at + started, at + stopped)


def a_seen(*jobs: SeenJob, **given: Any) -> Seen:
    """Make what was seen of a run that took ten seconds, but for what is given."""
    usual: dict[str, Any] = {
        "ended": Ended(1, 0, HANDED_OVER_S, HANDED_OVER_S + 10),
        "jobs": jobs,
        "calls": {},
        "usage": Usage(),
        "events_longest": 0,
        "memory_mib": {},
        "cpu": (),
    }
    return Seen(**{**usual, **given})


def an_api(per_second: Mapping[int, tuple[int, int]]) -> ApiCalls:
    """Make the use of an API from (accepted, throttled) by second."""
    throttled = sum(pair[1] for pair in per_second.values())
    return ApiCalls(throttled + sum(pair[0] for pair in per_second.values()), throttled, per_second)


def cpu_samples(*idle_and_total: tuple[int, int]) -> tuple[CpuSample, ...]:
    """Make samples a second apart, the first at the hand-over."""
    return tuple(
        CpuSample(HANDED_OVER_S + second, idle, total) for second, (idle, total) in enumerate(idle_and_total)
    )
