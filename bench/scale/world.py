"""The AWS that a simulated run meets: virtual time, the quotas, and executions that start at their pace."""

import random
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import simpy

from bench.scale.ledger import Ledger
from bench.scale.scenario import Scenario
from sluice_local.calls import ApiGate

Result = TypeVar("Result")
Steps = Generator[simpy.Event, Any, Result]
"""A part of a process of SimPy: it yields what it waits for, and returns its result."""
Process = Steps[None]


class World:
    """One run. Seconds are virtual and begin at 0, when the cohort is handed over.

    Attributes:
        scenario: what is given.
        env: SimPy's environment.
        ledger: what is counted.
        lot: the only source of chance, from the cohort's seed.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.env = simpy.Environment()
        self.ledger = Ledger()
        self.lot = random.Random(scenario.cohort.seed)  # noqa: S311 - a delay is no secret
        self._gate = ApiGate(scenario.quotas(), monotonic=self.now, wall=self.now)

    def now(self) -> float:
        """Seconds since the cohort was handed over."""
        return self.env.now

    def admit(self, api: str) -> bool:
        """Counts a call that arrives now; False if it is answered with 429."""
        return self._gate.admit(api)

    def calls(self) -> dict[str, tuple[int, int]]:
        """Calls so far by API: all, and those answered with 429."""
        report = self._gate.report()["calls"]
        return {api: (use["count"], use["throttled"]) for api, use in report.items()}

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Calls `then` later: cheaper than a process, for the many things that only wait once."""
        callbacks = self.env.timeout(seconds).callbacks
        assert callbacks is not None  # an event that has not happened has them
        callbacks.append(lambda _: then())

    def start_executions(self, begin: Callable[[int], object]) -> Process:
        """Starts an execution a sample, the first ones at once and the others at the scenario's pace."""
        pace = self.scenario.start_pace
        for sample in range(self.scenario.cohort.samples):
            if sample >= pace.bucket_size:
                yield self.env.timeout(1 / pace.refill_per_second)
            self.admit("States.StartExecution")
            begin(sample)
