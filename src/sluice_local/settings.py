"""What a person may set on Local AWS."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from sluice_local.quotas import AWS_QUOTAS, Quota

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"


@dataclass(frozen=True)
class LocalSettings:
    """How Local AWS is served; every field has AWS's own value as its default.

    Attributes:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        quotas: API quota by API name, such as `Batch.SubmitJob`. What is given here is laid over AWS's own
            quotas; None lifts one.
        job_slots: Batch jobs that run at the same time.
        job_directory: folder for the jobs' logs and scratch; None takes a temporary one.
        activity_poll_seconds: how long GetActivityTask waits for a task. AWS: 60,
            https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
        alarm_seconds: how often queues and running functions give metrics, and alarms are evaluated. AWS: 60,
            https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
        enforce_iam: whether functions, state machines, schedules, rules and jobs may do only what their
            policies allow. People, whose access key is `test`, may do everything in either case.
        iam_delay_seconds: with enforce_iam, how long a change of a role's policies takes to be in force; 0 is
            at once. AWS says no number, https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
        fargate_launches: tasks that Fargate starts, on demand and on Spot apart; AWS's are
            `FARGATE_LAUNCHES` of `sluice_local.quotas`. None, the default, lifts them, as tests have more
            jobs than that.
        ec2_dispatches: jobs that are placed on the instances of a compute environment, in each that is not
            Fargate's. AWS says no number; None, the default, lifts it.
        partition_writes, partition_reads: units a second that a partition of a table or index serves;
            AWS's are `WRITES` and `READS` of `sluice_local.dynamodb.partitions`. None, the default, lifts
            them, as each call takes longer with them.
    """

    port: int = 0
    quotas: Mapping[str, Quota | None] = field(default_factory=dict)
    job_slots: int = 4
    job_directory: str | None = None
    activity_poll_seconds: float = 60.0
    alarm_seconds: float = 60.0
    enforce_iam: bool = False
    iam_delay_seconds: float = 0.0
    fargate_launches: Quota | None = None
    ec2_dispatches: Quota | None = None
    partition_writes: Quota | None = None
    partition_reads: Quota | None = None

    def __post_init__(self) -> None:
        if self.job_slots < 1:
            raise ValueError(f"job_slots is {self.job_slots}: at least one job must be able to run.")
        for name in ("activity_poll_seconds", "alarm_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0.")
        if self.iam_delay_seconds < 0:
            raise ValueError(f"iam_delay_seconds is {self.iam_delay_seconds}: it must be 0 or more.")
        if self.iam_delay_seconds and not self.enforce_iam:
            raise ValueError(f"iam_delay_seconds is {self.iam_delay_seconds}: it needs enforce_iam.")

    def quotas_in_force(self) -> dict[str, Quota]:
        """Return the quota of each API that has one: AWS's, with this object's laid over them."""
        merged = {**AWS_QUOTAS, **self.quotas}
        return {api: quota for api, quota in merged.items() if quota is not None}

    def to_json(self) -> str:
        """Return the settings as JSON that `from_json` reads back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read settings; raise `ValueError` for a name that does not exist."""
        given: dict[str, Any] = json.loads(text)
        known = {each.name for each in fields(cls)}
        if unknown := given.keys() - known:
            raise ValueError(f"Unknown settings {sorted(unknown)}; there are {sorted(known)}.")
        quotas = {api: quota and Quota(**quota) for api, quota in given.pop("quotas", {}).items()}
        for name in ("fargate_launches", "ec2_dispatches", "partition_writes", "partition_reads"):
            given[name] = Quota(**given[name]) if given.get(name) else None
        return cls(quotas=quotas, **given)
