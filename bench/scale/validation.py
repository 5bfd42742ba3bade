"""Is the simulation right? Beside a measured run of the same cohort its figures must be close."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.cohort import Cohort
from bench.scale.outcome import POLICIES, Outcome, simulate
from bench.scale.scenario import Scenario

TOLERANCE: Final = 0.10
COMPARED: Final = ("makespan_seconds", "backlog_rate_of_quota")


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
    return Scenario(cohort, conditions["quotaPerSecond"])


def validate(results: Mapping[str, Any]) -> list[Comparison]:
    """Simulates what was measured, and compares every policy that is in both.

    Args:
        results: the content of a comparison's results.json.
    """
    scenario, measured = measured_scenario(results), results["median"]
    simulated = [simulate(scenario, policy) for policy in POLICIES if policy in measured]
    return compare(measured, simulated)


def compare(measured: Mapping[str, Mapping[str, Any]], simulated: Iterable[Outcome]) -> list[Comparison]:
    """Pairs the figures that both have; one that did not happen in either is left out."""
    pairs = [
        (outcome.policy, figure, measured[outcome.policy][figure], getattr(outcome, figure))
        for outcome in simulated
        for figure in COMPARED
    ]
    return [Comparison(*pair) for pair in pairs if pair[2] and pair[3] is not None]
