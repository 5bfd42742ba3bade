"""The prices that a report starts from: each beside its unit, and the page that it is from; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sluice_cli.plan.estimate import JOB_UNITS
from sluice_cli.plan.prices import COMPUTE, TRANSITION, WRITE_UNIT

X86_64: Final = "X86_64"
ARM64: Final = "ARM64"

_FARGATE = "https://aws.amazon.com/fargate/pricing/"


@dataclass(frozen=True)
class Price:
    """What one unit of something costs.

    Attributes:
        key: its name in programs.
        what: its name for people.
        unit: of what `usd` is the price.
        usd: US dollars.
        source: the page of AWS that says so, or how it was computed, with such pages.
    """

    key: str
    what: str
    unit: str
    usd: float
    source: str


VCPU_HOUR: Final = {
    X86_64: Price(
        "vcpuX86_64", "Fargate vCPU, Linux on x86", "vCPU hour", COMPUTE["fargate"].vcpu_hour, _FARGATE
    ),
    ARM64: Price(
        "vcpuARM64", "Fargate vCPU, Linux on ARM", "vCPU hour", COMPUTE["fargate-arm"].vcpu_hour, _FARGATE
    ),
}
GIB_HOUR: Final = {
    X86_64: Price(
        "gibX86_64", "Fargate memory, Linux on x86", "GiB hour", COMPUTE["fargate"].gib_hour, _FARGATE
    ),
    ARM64: Price(
        "gibARM64", "Fargate memory, Linux on ARM", "GiB hour", COMPUTE["fargate-arm"].gib_hour, _FARGATE
    ),
}

BILLED_SECONDS_MIN: Final = 60
"""Fargate bills by the second, and at least a minute. https://aws.amazon.com/fargate/pricing/"""

TRANSITIONS: Final = Price(
    "transitions",
    "Step Functions, Standard",
    "1,000 state transitions",
    1e3 * TRANSITION,
    "https://aws.amazon.com/step-functions/pricing/",
)
WRITES: Final = Price(
    "writes",
    "DynamoDB, on demand",
    "million write units",
    1e6 * WRITE_UNIT,
    "https://aws.amazon.com/dynamodb/pricing/on-demand/",
)
HANDLING: Final = Price(
    "handling",
    "Lambda and SQS, for handling jobs",
    "million jobs",
    4.0,
    "make bench, by https://aws.amazon.com/lambda/pricing/ and https://aws.amazon.com/sqs/pricing/",
)

WRITES_PER_TASK: Final = JOB_UNITS
"""Write units of the task table, its indexes included."""
