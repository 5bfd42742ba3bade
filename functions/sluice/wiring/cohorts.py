"""Puts the services of cohorts together from the settings."""

from __future__ import annotations

import os
from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.cohort_store import DynamoCohortStore
from sluice.aws.executions import BotoExecutions
from sluice.aws.rate_store import DynamoRateStore
from sluice.aws.sheets import S3Sheets
from sluice.cohorts.counter import CohortCounter
from sluice.cohorts.reconciler import CohortReconciler
from sluice.cohorts.starter import CohortStarter
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.clock import SystemClock
from sluice.runtime.settings import Settings, read_settings
from sluice.runtime.telemetry import Counts, LogReporter
from sluice.runtime.workers import ThreadWorkers

START_THREADS = 16
"""StartExecution takes some 50 ms, so that these keep any rate up to 300 a second."""

LOOK_THREADS = 2
"""DescribeExecution is paced far below what two threads could do."""


class CohortWiring:
    """The services of one function, shared by all of its invocations."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected until it is used."""
        self.settings = settings
        self.counts = Counts()
        self.clock = SystemClock()

    @cached_property
    def starter(self) -> CohortStarter:
        """What start_samples runs."""
        return CohortStarter(
            store=self.store,
            executions=self._executions,
            sheets=S3Sheets(clients.s3),
            limiter=self._start_limiter,
            workers=ThreadWorkers(START_THREADS),
            figures=self.counts,
            clock=self.clock,
        )

    @cached_property
    def counter(self) -> CohortCounter:
        """What count_samples runs."""
        return CohortCounter(self.store, self.counts, LogReporter())

    @cached_property
    def reconciler(self) -> CohortReconciler:
        """What reconcile_samples runs."""
        return CohortReconciler(
            store=self.store,
            executions=self._executions,
            describe_limiter=self._limiter("DescribeExecution", self.settings.describe_rate_per_second),
            start_limiter=self._start_limiter,
            workers=ThreadWorkers(LOOK_THREADS),
            look_seconds=self.settings.cohort_look_seconds,
            figures=self.counts,
            reporter=LogReporter(),
            clock=self.clock,
        )

    @cached_property
    def store(self) -> DynamoCohortStore:
        """The cohort table."""
        return DynamoCohortStore(clients.dynamodb(), self.settings.cohort_table)

    @cached_property
    def _executions(self) -> BotoExecutions:
        return BotoExecutions(clients.executions())

    @cached_property
    def _start_limiter(self) -> Limiter:
        return self._limiter("StartExecution", self.settings.start_rate_per_second)

    @cached_property
    def _rates(self) -> DynamoRateStore:
        return DynamoRateStore(clients.dynamodb(), self.settings.rate_table)

    def _limiter(self, api: str, rate_per_second: float) -> Limiter:
        # Step Functions' buckets are deep, so that a second's worth may come at once
        limit = Limit(rate_per_second, burst=max(2, int(rate_per_second)))
        return Limiter(api, limit=limit, store=self._rates, clock=self.clock)


@cache
def cohort_wiring() -> CohortWiring:
    """The services of this function, made by its first invocation."""
    return CohortWiring(read_settings(os.environ))
