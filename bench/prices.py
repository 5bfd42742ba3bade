"""AWS's published on-demand prices in us-east-1, in USD, without free tiers; and what a run would cost."""

from dataclasses import dataclass

from bench.observation import Usage

TRANSITION = 0.025 / 1000
"""Standard Workflows. https://aws.amazon.com/step-functions/pricing/"""

INVOCATION = 0.20 / 1e6
"""https://aws.amazon.com/lambda/pricing/"""

GB_SECOND = 0.0000133334
"""On arm64, which template.yaml uses. https://aws.amazon.com/lambda/pricing/"""

WRITE_UNIT = 0.625 / 1e6
"""On-demand write request unit. https://aws.amazon.com/dynamodb/pricing/on-demand/"""

READ_UNIT = 0.125 / 1e6
"""On-demand read request unit. https://aws.amazon.com/dynamodb/pricing/on-demand/"""

QUEUE_REQUEST = 0.40 / 1e6
"""Standard queue. https://aws.amazon.com/sqs/pricing/"""

REQUESTS_A_MESSAGE = 3
"""Sent, received and deleted alone: the most it can be, as Lambda receives and deletes ten at a time."""


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
