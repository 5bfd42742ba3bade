"""AWS's published on-demand prices in us-east-1, in USD, without free tiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TRANSITION: Final = 0.025 / 1000
"""Standard Workflows. https://aws.amazon.com/step-functions/pricing/"""

INVOCATION: Final = 0.20 / 1e6
"""https://aws.amazon.com/lambda/pricing/"""

GB_SECOND: Final = 0.0000133334
"""On arm64, which template.yaml uses. https://aws.amazon.com/lambda/pricing/"""

WRITE_UNIT: Final = 0.625 / 1e6
"""On-demand write request unit. https://aws.amazon.com/dynamodb/pricing/on-demand/"""

READ_UNIT: Final = 0.125 / 1e6
"""On-demand read request unit. https://aws.amazon.com/dynamodb/pricing/on-demand/"""

QUEUE_REQUEST: Final = 0.40 / 1e6
"""Standard queue. https://aws.amazon.com/sqs/pricing/"""

ALARM_METRIC: Final = 0.10
"""A month, standard resolution. https://aws.amazon.com/cloudwatch/pricing/"""

METRIC_REQUEST: Final = 0.01 / 1000
"""A metric of GetMetricData. https://aws.amazon.com/cloudwatch/pricing/"""

DASHBOARD: Final = 3.00
"""A month. https://aws.amazon.com/cloudwatch/pricing/"""

LOG_GB: Final = 0.50
"""Collected, standard class. https://aws.amazon.com/cloudwatch/pricing/"""

SCHEDULE: Final = 1.00 / 1e6
"""EventBridge Scheduler. https://aws.amazon.com/eventbridge/pricing/"""

TRACE: Final = 5.00 / 1e6
"""Recorded. https://aws.amazon.com/xray/pricing/"""

REQUESTS_A_MESSAGE: Final = 3
"""Sent, received and deleted alone: the most it can be, as Lambda receives and deletes ten at a time."""


@dataclass(frozen=True)
class ComputePrice:
    """What an hour of a job costs; Batch itself costs nothing, https://aws.amazon.com/batch/pricing/.

    Attributes:
        vcpu_hour: USD for a vCPU.
        gib_hour: USD for a GiB of memory; 0 where vCPUs bring it along.
        gib_a_vcpu: GiB that each vCPU brings along; more are had with more vCPUs. None where memory is apart.
        note: what the price is, for a person.
    """

    vcpu_hour: float
    gib_hour: float
    gib_a_vcpu: float | None = None
    note: str = ""

    def hour(self, vcpus: float, gib: float) -> float:
        """USD for an hour of a job of this size."""
        if self.gib_a_vcpu is not None:
            return max(vcpus, gib / self.gib_a_vcpu) * self.vcpu_hour
        return vcpus * self.vcpu_hour + gib * self.gib_hour


SPOT_LEAST: Final = 0.3
"""Fargate Spot is up to 70 % cheaper. https://aws.amazon.com/fargate/pricing/"""

COMPUTE: Final[Mapping[str, ComputePrice]] = {
    # https://aws.amazon.com/fargate/pricing/
    "fargate": ComputePrice(0.04048, 0.004445, note="Fargate, Linux on x86"),
    "fargate-arm": ComputePrice(0.03238, 0.00356, note="Fargate, Linux on arm64"),
    "fargate-spot": ComputePrice(
        0.04048 * SPOT_LEAST, 0.004445 * SPOT_LEAST, note="Fargate Spot at its greatest discount, 70 %"
    ),
    # m6i.large: 2 vCPUs, 8 GiB, 0.096 USD an hour. https://aws.amazon.com/ec2/pricing/on-demand/
    "ec2": ComputePrice(0.048, 0.0, gib_a_vcpu=4.0, note="EC2 on demand, m6i, no vCPU idle"),
}
"""EC2 Spot has no price list but a price of the day: https://aws.amazon.com/ec2/spot/pricing/."""
