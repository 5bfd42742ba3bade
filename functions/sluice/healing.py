"""What an open task needs when it is looked at again; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.submission import TAKEOVER_SECONDS

if TYPE_CHECKING:
    from sluice.model import JobRecord, OpenTask, TaskRecord


@dataclass(frozen=True)
class HealingPolicy:
    """When a task is looked at again, and from what age on its jobs' events count as lost."""

    heartbeat_seconds: int
    overdue_seconds: int


@dataclass(frozen=True)
class Diagnosis:
    """What to do for a live task: submit what is missing, ask Batch about jobs that should have ended."""

    submit: bool
    describe: tuple[JobRecord, ...]


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
        submit=unsubmitted and age_ms >= TAKEOVER_SECONDS * 1000,
        describe=waiting if overdue else (),
    )
