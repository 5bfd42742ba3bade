"""Whether a job can be placed: a slot of this machine, vCPUs of a compute environment, a launch in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sluice_local.batch.model import Document, Job
from sluice_local.batch.rules.resources import required
from sluice_local.quotas import Quota, TokenBucket


class Lack(StrEnum):
    """What a job that could run waits for."""

    SLOTS = "job slots"
    VCPUS = "vCPUs"
    LAUNCHES = "Fargate launches"
    DISPATCHES = "dispatches to instances"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a placed job holds: vCPUs of a compute environment."""

    environment: Document
    vcpus: float


class Room:
    """What is free; the caller holds a lock, and says what time it is, in seconds of a clock of its own.

    A compute environment runs jobs up to its `maxvCpus`; the next one of a queue takes what is beyond,
    https://docs.aws.amazon.com/batch/latest/userguide/job_queue_parameters.html. Fargate's launches come
    from one bucket for on demand and one for Spot,
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html. How fast Batch places jobs on
    instances AWS does not say; each other compute environment has a bucket of its own for that.

    Args:
        slots: jobs that run at the same time on this machine.
        launches: Fargate's launches; None lifts them.
        dispatches: of jobs to the instances of a compute environment; None lifts them.
    """

    def __init__(self, slots: int, launches: Quota | None = None, dispatches: Quota | None = None) -> None:
        self._slots = slots
        self._launches, self._dispatches = launches, dispatches
        self._buckets: dict[str, TokenBucket] = {}
        self._taken: dict[str, Taken] = {}
        self._lacking: list[Lack] = []
        self._lacks: list[Lack] = []
        self._launch_due: float | None = None

    @property
    def lacks(self) -> list[Lack]:
        """What jobs waited for when the last look at all queues placed none."""
        return list(self._lacks)

    def end_look(self) -> None:
        """Note that all queues were looked at, and no job of theirs could be placed."""
        self._lacks, self._lacking = self._lacking, []

    def has_slots(self) -> bool:
        """Tell whether this machine can run one more job."""
        return self._slots > len(self._taken) or self._lack(Lack.SLOTS)

    def take(self, job: Job, environments: Sequence[Document], now: float) -> Document | None:
        """Place a job in the first of a queue's compute environments that has room for it.

        Returns:
            The environment; None if the job has to wait.
        """
        vcpus = vcpus_of(job)
        environment = next((each for each in environments if self._has_vcpus(each, vcpus)), None)
        if environment is None:
            self._lack(Lack.VCPUS)
            return None
        lack = self._launch(environment, now)
        if lack is not None:
            self._lack(lack)
            return None
        self._taken[job.spec.job_id] = Taken(environment, vcpus)
        self._lacking = []
        return environment

    def give_back(self, job_id: str) -> None:
        """Free what a job held."""
        self._taken.pop(job_id, None)

    def seconds_until_launch(self, now: float) -> float | None:
        """Return how long the job that lacked a launch has to wait; None if none did."""
        due, self._launch_due = self._launch_due, None
        return None if due is None else max(0.001, due - now)

    def _lack(self, lack: Lack) -> bool:
        self._lacking.append(lack)
        return False

    def _has_vcpus(self, environment: Document, vcpus: float) -> bool:
        most = (environment.get("computeResources") or {}).get("maxvCpus")
        if most is None:
            return True
        arn = environment["computeEnvironmentArn"]
        used = sum(
            each.vcpus
            for each in self._taken.values()
            if each.environment.get("computeEnvironmentArn") == arn
        )
        return used + vcpus <= float(most)

    def _launch(self, environment: Document, now: float) -> Lack | None:
        """Take a token of Fargate's, or of those of a compute environment on EC2; say if there is none."""
        kind = compute_type(environment)
        if kind.startswith("FARGATE"):
            return None if self._has_token(kind, self._launches, now) else Lack.LAUNCHES
        arn = str(environment.get("computeEnvironmentArn", ""))
        return None if self._has_token(arn, self._dispatches, now) else Lack.DISPATCHES

    def _has_token(self, bucket: str, quota: Quota | None, now: float) -> bool:
        if quota is None:
            return True
        before = self._buckets.get(bucket) or TokenBucket.full(quota, now)
        allowed, self._buckets[bucket] = before.take(now)
        if not allowed:
            due = now + (1 - self._buckets[bucket].tokens) / quota.refill_per_second
            self._launch_due = min(due, math.inf if self._launch_due is None else self._launch_due)
        return allowed


def compute_type(environment: Document) -> str:
    """Return what a compute environment runs on, such as `FARGATE_SPOT`; empty if it does not say."""
    return str((environment.get("computeResources") or {}).get("type", ""))


def vcpus_of(job: Job) -> float:
    """Return the vCPUs that a job asks for."""
    return float(required(job.spec.container).get("VCPU") or job.spec.container.get("vcpus") or 1)
