"""The shared rates of a function's calls."""

from __future__ import annotations

from functools import cached_property

from sluice.aws import clients
from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.wiring.base import Wiring


class LimitedWiring(Wiring):
    """A function whose calls are paced together with everybody else's."""

    def limiter(
        self, api: str, rate_per_second: float, *, burst: int, goes_on_alone: bool = False
    ) -> Limiter:
        """Makes the limiter of an API; limiters of the same API share one rate item.

        One that `goes_on_alone` keeps to the rate by itself while the rate table fails.
        """
        limit = Limit(rate_per_second, burst=burst, processes=self.settings.poller_count)
        return Limiter(api, limit=limit, store=self._rates, clock=self.clock, goes_on_alone=goes_on_alone)

    def step_functions_limiter(
        self, api: str, rate_per_second: float, *, goes_on_alone: bool = False
    ) -> Limiter:
        """Makes the limiter of an API of Step Functions, whose buckets allow a second's calls at once."""
        burst = max(2, int(rate_per_second))
        return self.limiter(api, rate_per_second, burst=burst, goes_on_alone=goes_on_alone)

    @cached_property
    def _rates(self) -> DynamoRateStore:
        return DynamoRateStore(clients.dynamodb(), self.settings.rate_table)
