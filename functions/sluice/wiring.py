"""Puts the services together from the settings; each is made when a handler first asks for it."""

from __future__ import annotations

import os
from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.batch import BotoBatch
from sluice.aws.rate_store import DynamoPollerSlots, DynamoRateStore
from sluice.aws.step_functions import BotoActivities, BotoActivityQueue, BotoPollerExecutions
from sluice.aws.task_store import DynamoTaskStore
from sluice.chain import Chain
from sluice.clock import SystemClock
from sluice.crew import ThreadCrew
from sluice.finisher import Finisher
from sluice.healer import Healer
from sluice.healing import HealingPolicy
from sluice.inquirer import Inquirer
from sluice.limiter import Limiter
from sluice.poller_pool import PollerPool
from sluice.rate import Limit
from sluice.settings import Settings, read_settings
from sluice.stopper import Stopper
from sluice.submission import submitting_seconds
from sluice.submitter import Submitter
from sluice.telemetry import Counts, LogReporter


class Wiring:
    """The services of one function, shared by all of its invocations."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected until it is used."""
        self.settings = settings
        self.counts = Counts()
        self.clock = SystemClock()

    @cached_property
    def pollers(self) -> PollerPool:
        """What submit_jobs runs."""
        queue = BotoActivityQueue(clients.activity_queue(), self.settings.activity_arn, "sluice")
        return PollerPool(queue, self._submitter, self.clock, LogReporter())

    @cached_property
    def finisher(self) -> Finisher:
        """What handle_job_status and cancel_jobs use."""
        return Finisher(
            activities=self._activities,
            store=self.store,
            stopper=self._stopper,
            figures=self.counts,
            clock=self.clock,
        )

    @cached_property
    def healer(self) -> Healer:
        """What reconcile_tasks runs."""
        return Healer(
            activities=self._activities,
            store=self.store,
            submitter=self._submitter,
            finisher=self.finisher,
            inquirer=self._inquirer,
            heartbeat_limiter=self._heartbeat_limiter,
            crew=ThreadCrew(self.settings.reconciler_threads),
            policy=HealingPolicy(
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
    def store(self) -> DynamoTaskStore:
        """The task table."""
        return DynamoTaskStore(clients.dynamodb(), self.settings.task_table, self.settings.keep_days)

    @cached_property
    def _submitter(self) -> Submitter:
        limit = Limit(self.settings.submit_rate_per_second, burst=self.settings.submit_burst)
        return Submitter(
            batch=self._batch,
            store=self.store,
            finisher=self.finisher,
            submit_limiter=Limiter("SubmitJob", limit=limit, store=self._rates, clock=self.clock),
            look_up_limiter=self._other_limiter("ListJobs"),
            window_seconds=submitting_seconds(self.settings.takeover_seconds),
            figures=self.counts,
            clock=self.clock,
        )

    @cached_property
    def _inquirer(self) -> Inquirer:
        return Inquirer(
            batch=self._batch,
            limiter=self._other_limiter("DescribeJobs"),
            finisher=self.finisher,
            figures=self.counts,
            reporter=LogReporter(),
        )

    @cached_property
    def _heartbeat_limiter(self) -> Limiter:
        # Step Functions' bucket is deep, so that a second's worth may come at once
        rate = self.settings.heartbeat_rate_per_second
        limit = Limit(rate, burst=max(1, int(rate)))
        return Limiter("SendTaskHeartbeat", limit=limit, store=self._rates, clock=self.clock)

    @cached_property
    def _stopper(self) -> Stopper:
        return Stopper(self._batch, self._other_limiter("TerminateJob"), self.counts)

    @cached_property
    def _activities(self) -> BotoActivities:
        return BotoActivities(clients.step_functions())

    @cached_property
    def _batch(self) -> BotoBatch:
        return BotoBatch(clients.batch())

    @cached_property
    def _rates(self) -> DynamoRateStore:
        return DynamoRateStore(clients.dynamodb(), self.settings.rate_table)

    def _other_limiter(self, api: str) -> Limiter:
        limit = Limit(self.settings.other_rate_per_second, burst=self.settings.submit_burst)
        return Limiter(api, limit=limit, store=self._rates, clock=self.clock)


@cache
def wiring() -> Wiring:
    """The services of this function, made by its first invocation."""
    return Wiring(read_settings(os.environ))
