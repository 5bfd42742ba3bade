"""What handle_job_status and cancel_jobs need: they hear of ends, complete tasks and stop jobs."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from sluice.arrays.members import ArrayMembers
from sluice.aws import clients
from sluice.aws.batch import BotoBatch
from sluice.aws.step_functions import BotoActivities
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.tasks.completer import Completer, Stopper
from sluice.tasks.reconciliation import SETTLE_SHARE
from sluice.wiring.limiting import LimitedWiring

if TYPE_CHECKING:
    from sluice.arrays.ports import ArrayStore
    from sluice.rate.limiter import Limiter


class CompletingWiring(LimitedWiring):
    """The services of a function that completes tasks."""

    @cached_property
    def completer(self) -> Completer:
        """What completes tasks."""
        return Completer(
            activities=self._activities,
            store=self.store,
            stopper=Stopper(self._batch, self._batch_limiter("TerminateJob"), self.telemetry),
            telemetry=self.telemetry,
            clock=self.clock,
            heartbeat_limiter=self._heartbeat_limiter,
            settle_seconds=self.settings.heartbeat_seconds * SETTLE_SHARE,
        )

    @cached_property
    def store(self) -> DynamoTaskStore:
        """The task table."""
        return DynamoTaskStore(clients.dynamodb(), self.settings.task_table, self.settings.keep_days)

    @cached_property
    def arrays(self) -> ArrayMembers:
        """Whose tasks are the children of arrays."""
        return ArrayMembers(lambda: self._array_store)

    @cached_property
    def _array_store(self) -> ArrayStore:
        from sluice.aws.tables.array_store import DynamoArrayStore  # noqa: PLC0415 - most events are not of arrays

        return DynamoArrayStore(
            clients.dynamodb(), self.settings.task_table, self.settings.keep_days, self.clock.sleep
        )

    @cached_property
    def _heartbeat_limiter(self) -> Limiter:
        return self.step_functions_limiter(
            "SendTaskHeartbeat", self.settings.heartbeat_rate_per_second, goes_on_alone=True
        )

    @cached_property
    def _activities(self) -> BotoActivities:
        return BotoActivities(clients.step_functions())

    @cached_property
    def _batch(self) -> BotoBatch:
        return BotoBatch(clients.batch())

    def _batch_limiter(self, api: str) -> Limiter:
        return self.limiter(api, self.settings.other_rate_per_second, burst=self.settings.submit_burst)


@cache
def completing() -> CompletingWiring:
    """The services of this function, made by its first invocation."""
    return CompletingWiring.from_environment()
