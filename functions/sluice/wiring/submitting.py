"""Puts the services together that take tasks, submit their jobs, and look after both."""

from __future__ import annotations

import os
from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.rate_store import DynamoPollerSlots
from sluice.aws.step_functions import BotoActivityQueue, BotoPollerExecutions
from sluice.pollers.chain import Chain
from sluice.pollers.pool import PollerPool
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.settings import read_settings
from sluice.runtime.telemetry import LogReporter
from sluice.runtime.workers import ThreadWorkers
from sluice.tasks.overdue_jobs import OverdueJobs
from sluice.tasks.reconciler import Reconciler
from sluice.tasks.reconciliation import ReconciliationPolicy
from sluice.tasks.submission import submitting_seconds
from sluice.tasks.submitter import Submitter
from sluice.wiring.completing import Wiring


class FullWiring(Wiring):
    """The services of a function that submits jobs, or sees to it that others do."""

    @cached_property
    def pollers(self) -> PollerPool:
        """What submit_jobs runs."""
        queue = BotoActivityQueue(clients.activity_queue(), self.settings.activity_arn, "sluice")
        return PollerPool(queue, self._submitter, self.clock, LogReporter())

    @cached_property
    def reconciler(self) -> Reconciler:
        """What reconcile_tasks runs."""
        return Reconciler(
            activities=self._activities,
            store=self.store,
            submitter=self._submitter,
            completer=self.completer,
            overdue_jobs=self._inquirer,
            heartbeat_limiter=self._heartbeat_limiter,
            workers=ThreadWorkers(self.settings.reconciler_threads),
            policy=ReconciliationPolicy(
                heartbeat_seconds=self.settings.heartbeat_seconds,
                takeover_seconds=self.settings.takeover_seconds,
                overdue_seconds=self.settings.overdue_seconds,
            ),
            figures=self.counts,
            reporter=LogReporter(),
            clock=self.clock,
        )

    @cached_property
    def chain(self) -> Chain:
        """What ensure_pollers uses."""
        return Chain(
            slots=DynamoPollerSlots(clients.dynamodb(), self.settings.rate_table),
            executions=BotoPollerExecutions(clients.step_functions(), self.settings.poller_arn),
        )

    @cached_property
    def _submitter(self) -> Submitter:
        limit = Limit(self.settings.submit_rate_per_second, burst=self.settings.submit_burst)
        return Submitter(
            batch=self._batch,
            store=self.store,
            completer=self.completer,
            submit_limiter=Limiter("SubmitJob", limit=limit, store=self._rates, clock=self.clock),
            look_up_limiter=self._other_limiter("ListJobs"),
            window_seconds=submitting_seconds(self.settings.takeover_seconds),
            figures=self.counts,
            clock=self.clock,
        )

    @cached_property
    def _inquirer(self) -> OverdueJobs:
        return OverdueJobs(
            batch=self._batch,
            limiter=self._other_limiter("DescribeJobs"),
            completer=self.completer,
            figures=self.counts,
            reporter=LogReporter(),
        )

    @cached_property
    def _heartbeat_limiter(self) -> Limiter:
        # Step Functions' bucket is deep, so that a second's worth may come at once
        rate = self.settings.heartbeat_rate_per_second
        limit = Limit(rate, burst=max(1, int(rate)))
        return Limiter("SendTaskHeartbeat", limit=limit, store=self._rates, clock=self.clock)


@cache
def full_wiring() -> FullWiring:
    """The services of this function, made by its first invocation."""
    return FullWiring(read_settings(os.environ))
