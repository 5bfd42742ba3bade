"""What ensure_pollers needs: the executions of the pollers, and nothing of tasks."""

from __future__ import annotations

from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.pollers import BotoPollerExecutions, DynamoPollerSlots
from sluice.pollers.chain import LOOK_MS, Chain
from sluice.wiring.base import Wiring


class PollingWiring(Wiring):
    """The services of the function that keeps pollers running."""

    @cached_property
    def chain(self) -> Chain:
        """What ensure_pollers uses."""
        return Chain(
            slots=DynamoPollerSlots(clients.dynamodb(), self.settings.rate_table, self.settings.stack_name),
            executions=BotoPollerExecutions(clients.step_functions(), self.settings.poller_arn),
            clock=self.clock,
        )

    def tasks_came(self) -> bool:
        """True if tasks have come to the Activity lately, as far as its metrics say."""
        from sluice.aws.activity_metrics import ActivityMetrics  # noqa: PLC0415 - a wake-up does not need it

        now_ms = self.clock.now_ms()
        metrics = ActivityMetrics(clients.cloudwatch(), self.settings.activity_arn)
        return metrics.tasks_came(now_ms - LOOK_MS, now_ms)


@cache
def polling() -> PollingWiring:
    """The services of this function, made by its first invocation."""
    return PollingWiring.from_environment()
