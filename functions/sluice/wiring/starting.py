"""What start_samples and reconcile_samples need: they start samples and look after those that run."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from sluice.aws import clients
from sluice.aws.executions import BotoExecutions
from sluice.aws.sheets import S3Sheets
from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.cohorts.attempts import Attempts
from sluice.cohorts.reconciler import CohortReconciler
from sluice.cohorts.starter import CohortStarter
from sluice.runtime.workers import ThreadWorkers
from sluice.wiring.limiting import LimitedWiring

if TYPE_CHECKING:
    from sluice.rate.limiter import Limiter

START_THREADS: Final = 16
"""StartExecution takes some 50 ms, so that these keep any rate up to 300 a second."""

RECONCILER_THREADS: Final = 2
"""DescribeExecution is paced far below what two threads could do."""


class StartingWiring(LimitedWiring):
    """The services of a function that starts samples."""

    @cached_property
    def starter(self) -> CohortStarter:
        """What start_samples runs."""
        return CohortStarter(
            store=self._store,
            executions=self._executions,
            sheets=S3Sheets(clients.s3),
            attempts=self._attempts,
            history_limiter=self.step_functions_limiter(
                "GetExecutionHistory", self.settings.describe_rate_per_second
            ),
            workers=ThreadWorkers(START_THREADS),
            telemetry=self.telemetry,
            clock=self.clock,
            allowed=self.settings.workflow_arns,
        )

    @cached_property
    def reconciler(self) -> CohortReconciler:
        """What reconcile_samples runs."""
        return CohortReconciler(
            store=self._store,
            executions=self._executions,
            describe_limiter=self._describe_limiter,
            attempts=self._attempts,
            workers=ThreadWorkers(RECONCILER_THREADS),
            look_seconds=self.settings.cohort_look_seconds,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def _store(self) -> DynamoCohortStore:
        return DynamoCohortStore(clients.dynamodb(), self.settings.cohort_table, self.clock.sleep)

    @cached_property
    def _executions(self) -> BotoExecutions:
        return BotoExecutions(clients.executions())

    @cached_property
    def _attempts(self) -> Attempts:
        return Attempts(
            store=self._store,
            executions=self._executions,
            start_limiter=self._start_limiter("StartExecution"),
            redrive_limiter=self._start_limiter("RedriveExecution"),
            describe_limiter=self._describe_limiter,
            clock=self.clock,
        )

    @cached_property
    def _describe_limiter(self) -> Limiter:
        return self.step_functions_limiter("DescribeExecution", self.settings.describe_rate_per_second)

    def _start_limiter(self, api: str) -> Limiter:
        return self.step_functions_limiter(api, self.settings.start_rate_per_second)


@cache
def starting() -> StartingWiring:
    """The services of this function, made by its first invocation."""
    return StartingWiring.from_environment()
