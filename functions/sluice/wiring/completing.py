"""Puts the services together from the settings; each is made when a handler first asks for it.

What is here is what the ends of jobs and workflows need. Who takes tasks and submits jobs has more
(full_wiring.py), which handle_job_status and cancel_jobs need not import: a tenth of their cold start.
"""

from __future__ import annotations

import os
from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.batch import BotoBatch
from sluice.aws.rate_store import DynamoRateStore
from sluice.aws.step_functions import BotoActivities
from sluice.aws.task_store import DynamoTaskStore
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.clock import SystemClock
from sluice.runtime.settings import Settings, read_settings
from sluice.runtime.telemetry import Counts
from sluice.tasks.completer import Completer, Stopper


class Wiring:
    """The services of a function that hears of ends, shared by all of its invocations."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected until it is used."""
        self.settings = settings
        self.counts = Counts()
        self.clock = SystemClock()

    @cached_property
    def completer(self) -> Completer:
        """What completes tasks."""
        return Completer(
            activities=self._activities,
            store=self.store,
            stopper=self._stopper,
            figures=self.counts,
            clock=self.clock,
        )

    @cached_property
    def store(self) -> DynamoTaskStore:
        """The task table."""
        return DynamoTaskStore(clients.dynamodb(), self.settings.task_table, self.settings.keep_days)

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
