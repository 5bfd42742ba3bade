"""Tiny cohorts of which every figure can be computed by hand."""

from __future__ import annotations

from bench.cohort import Cohort
from bench.scale.scenario import Delays, Scenario

NO_DELAYS = Delays(call=0, write=0, event=0, start=0, next_round=0, handling=0)


def scenario(samples: int = 1, quota: float = 10, mean_seconds: float = 100, wait: float = 60) -> Scenario:
    """Nothing takes time but the jobs, what the quota holds up, and what waits by its own rules."""
    return Scenario(Cohort(samples, 7, mean_seconds), quota, wait_seconds=wait, delays=NO_DELAYS)


def path_seconds(given: Scenario, sample: int = 0) -> float:
    """How long a sample's jobs take one after the other."""
    return sum(given.job_seconds(sample, step) for step in range(3))
