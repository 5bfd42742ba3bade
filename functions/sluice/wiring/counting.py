"""What count_samples needs: the cohort table."""

from __future__ import annotations

from functools import cache, cached_property

from sluice.aws import clients
from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.cohorts.counter import CohortCounter
from sluice.wiring.base import Wiring


class CountingWiring(Wiring):
    """The services of the function that counts ends of samples."""

    @cached_property
    def counter(self) -> CohortCounter:
        """What count_samples runs."""
        store = DynamoCohortStore(clients.dynamodb(), self.settings.cohort_table, self.clock.sleep)
        return CohortCounter(store, self.telemetry)


@cache
def counting() -> CountingWiring:
    """The services of this function, made by its first invocation."""
    return CountingWiring.from_environment()
