"""Is the simulation right? Beside a measured run of the same cohort its figures must be close."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.cohort import Cohort
from bench.scale.outcome import POLICIES, Outcome, simulate
from bench.scale.scenario import Scenario
from sluice_local.quotas import Quota

TOLERANCE: Final = 0.10
MEASURED_STARTS: Final = Quota(bucket_size=1, refill_per_second=100)
"""In a measured run one client starts the executions one after the other: about 10 ms each on Local AWS."""

RATE: Final = "backlog_rate_of_quota"
COMPARED: Final = ("makespan_seconds", RATE)


@dataclass(frozen=True)
class Comparison:
    """One figure of one policy, measured and simulated."""

    policy: str
    figure: str
    measured: float
    simulated: float

    @property
    def deviation(self) -> float:
        """How far the simulated figure is from the measured one, as a share of it."""
        return self.simulated / self.measured - 1

    @property
    def agrees(self) -> bool:
        """True within TOLERANCE."""
        return abs(self.deviation) <= TOLERANCE


def measured_scenario(results: Mapping[str, Any]) -> Scenario:
    """The conditions of a comparison, from the content of its results.json."""
    conditions = results["conditions"]
    cohort = Cohort(conditions["samples"], conditions["seed"], conditions["mean_seconds"])
    return Scenario(cohort, conditions["quotaPerSecond"], starts=MEASURED_STARTS)


def validate(results: Mapping[str, Any]) -> list[Comparison]:
    """Simulates what was measured, and compares every policy that is in both.

    Args:
        results: the content of a comparison's results.json.
    """
    scenario, measured = measured_scenario(results), results["median"]
    simulated = [simulate(scenario, policy) for policy in POLICIES if policy in measured]
    return compare(measured, simulated)


def compare(measured: Mapping[str, Mapping[str, Any]], simulated: Iterable[Outcome]) -> list[Comparison]:
    """Pairs the figures that both have; the rate of a backlog of less than a second says nothing."""
    found = []
    for outcome in simulated:
        figures = measured[outcome.policy]
        for figure in COMPARED:
            pair = figures[figure], getattr(outcome, figure)
            too_short = figure == RATE and figures["backlog_seconds"] < 1
            if None not in pair and not too_short:
                found.append(Comparison(outcome.policy, figure, *pair))
    return found
