"""What an open task needs when it is looked at again; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.submission import TAKEOVER_SECONDS

if TYPE_CHECKING:
    from sluice.model import JobRecord, OpenTask, TaskRecord


@dataclass(frozen=True)
class HealingPolicy:
    """When a task is looked at again, and from what age on its jobs' events count as lost."""

    heartbeat_seconds: int
    overdue_seconds: int

    @property
    def submit_seconds(self) -> float:
        """How long after its claim a reconciler may submit a task's jobs.

        The next one may claim the task after a heartbeat; a fifth of that is left for slow answers.
        """
        return self.heartbeat_seconds * 0.8


FORGOTTEN_SECONDS: Final = 86_400
"""Batch keeps ended jobs for a day at least, and its answers may lag behind; a job that it does not know
has vanished only when its task is older than this.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""


@dataclass(frozen=True)
class Diagnosis:
    """What to do for a live task: submit what is missing, ask Batch about jobs that should have ended.

    `settled` says that nobody else can still be submitting its jobs.
    """

    settled: bool
    unsubmitted: bool
    describe: tuple[JobRecord, ...]
    forgettable: bool


def is_due(task: OpenTask, *, now_ms: int, policy: HealingPolicy) -> bool:
    """True when the task's last heartbeat is as old as the policy allows."""
    return now_ms - task.heartbeat_at >= policy.heartbeat_seconds * 1000


def diagnose(record: TaskRecord, *, now_ms: int, policy: HealingPolicy) -> Diagnosis:
    """Says what a live, open task lacks."""
    age_ms = now_ms - record.created_at
    unsubmitted = any(job.job_id is None for job in record.jobs.values())
    overdue = age_ms >= policy.overdue_seconds * 1000
    waiting = tuple(job for job in record.jobs.values() if job.job_id and not job.ended)
    return Diagnosis(
        settled=age_ms >= TAKEOVER_SECONDS * 1000,
        unsubmitted=unsubmitted,
        describe=waiting if overdue else (),
        forgettable=age_ms >= FORGOTTEN_SECONDS * 1000,
    )
