"""What to ask AWS for, wall by wall, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sluice_cli.plan.walls import HEARTBEATS_PER_SECOND, Wall, enough, times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice_cli.plan.estimate import Cohort
    from sluice_cli.plan.walls import Room

VCPU_QUOTAS: Final[Mapping[str, str]] = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    "fargate": "AWS Fargate, Fargate On-Demand vCPU resource count",
    "fargate-arm": "AWS Fargate, Fargate On-Demand vCPU resource count",
    "fargate-spot": "AWS Fargate, Fargate Spot vCPU resource count",
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html
    "ec2": "Amazon EC2, Running On-Demand Standard instances",
}
MOST_OPEN_TASKS: Final = 1_000_000
"""Executions that may be open in an account and Region.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
OTHER_VCPUS: Final = "the vCPUs of what the jobs run on"


def advice(cohort: Cohort, room: Room, compute: str, job_vcpus: float) -> str:
    """Says what to ask AWS for, so that a cohort takes less time.

    Args:
        cohort: what is run.
        room: what AWS gives now.
        compute: what the jobs run on, by its name in `--compute`.
        job_vcpus: of one job.
    """
    wall, amount = times(cohort, room).binding, math.ceil(enough(cohort, room) or 0)
    match wall:
        case Wall.SUBMIT:
            # https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
            return (
                "AWS does not raise it. On EC2, let tasks share arrays (docs/arrays.md). Or give each job "
                "more to do, or run part of the cohort in another Region or account."
            )
        case Wall.LAUNCHES:
            kind = "Spot" if compute == "fargate-spot" else "on-demand"
            return (
                f"Ask AWS Support for {amount} Fargate {kind} task launches a second; beyond that, something "
                "else is the limit. Or run on EC2, or give each job more to do."
            )
        case Wall.VCPUS:
            quota = VCPU_QUOTAS.get(compute, OTHER_VCPUS)
            return (
                f"Ask Service Quotas ({quota}) for {math.ceil(amount * job_vcpus):,} vCPUs, and raise "
                "MaxVcpus; beyond that, something else is the limit."
            )
    return _other_advice(wall, amount)


def _other_advice(wall: Wall, amount: int) -> str:
    if wall is Wall.STARTS:
        # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        return (
            f"Raise StartRatePerSecond to {amount}. Above 150, in most Regions, ask Service Quotas (AWS Step "
            "Functions, StartExecution throttle token refill rate per second) first."
        )
    if wall is Wall.TASKS:
        # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        return (
            "Ask Service Quotas (AWS Step Functions) for higher refill rates of GetActivityTask and "
            "SendTaskSuccess, and raise PollerCount; or put several jobs into a task."
        )
    if wall is Wall.OPEN_TASKS:
        most = min(amount, MOST_OPEN_TASKS)
        every_seconds = math.ceil(most / HEARTBEATS_PER_SECOND)
        return (
            f"Deploy with MaxOpenTasks={most} and ReconcileHeartbeatSeconds={every_seconds}, and give the "
            f"workflow's states HeartbeatSeconds of {3 * every_seconds}: Sluice sends "
            f"{HEARTBEATS_PER_SECOND:g} heartbeats a second."
        )
    return "No AWS quota holds it back: only shorter jobs would make it finish sooner."
