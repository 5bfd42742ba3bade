"""What ensure_pollers needs: the executions of the pollers, and nothing of tasks."""

from __future__ import annotations

from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.pollers import BotoPollerExecutions, DynamoPollerSlots
from sluice.pollers.chain import Chain
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

    def look_found_nothing(self) -> bool:
        """True if the Activity's metrics say that no task has come lately."""
        # a wake-up does not need them
        from sluice.aws.activity_metrics import CloudWatchActivity  # noqa: PLC0415
        from sluice.pollers.look import Look  # noqa: PLC0415

        metrics = CloudWatchActivity(clients.cloudwatch(), self.settings.activity_arn)
        return Look(metrics, self.telemetry, self.clock).found_nothing()


@cache
def polling() -> PollingWiring:
    """The services of this function, made by its first invocation."""
    return PollingWiring.from_environment()
