"""What a run would cost at AWS's published prices."""

from dataclasses import dataclass

from sluice_cli.plan.prices import (
    GB_SECOND,
    INVOCATION,
    QUEUE_REQUEST,
    READ_UNIT,
    REQUESTS_A_MESSAGE,
    TRANSITION,
    WRITE_UNIT,
)
from sluice_local.observing import Usage


@dataclass(frozen=True)
class Cost:
    """What a run would cost in USD. Batch and events of AWS's own services cost nothing themselves.

    Source: https://aws.amazon.com/batch/pricing/ and https://aws.amazon.com/eventbridge/pricing/
    """

    step_functions: float
    functions: float
    tables: float
    queues: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.step_functions + self.functions + self.tables + self.queues

    def per_thousand(self, samples: int) -> float:
        """What a thousand samples cost at this rate."""
        return self.total / samples * 1000


def cost(usage: Usage) -> Cost:
    """Compute what AWS would bill."""
    return Cost(
        step_functions=usage.transitions * TRANSITION,
        functions=usage.invocations * INVOCATION + usage.gb_seconds * GB_SECOND,
        tables=usage.write_units * WRITE_UNIT + usage.read_units * READ_UNIT,
        queues=usage.messages * REQUESTS_A_MESSAGE * QUEUE_REQUEST,
    )
