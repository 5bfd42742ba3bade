"""What an open task needs when it is looked at again; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.deadline import until_us
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks.submission import LAST_SUBMIT_SECONDS, submitting_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import JobRecord, OpenTask, TaskRecord


SETTLE_SHARE: Final = 0.2
"""An ended task whose jobs still run is looked at so much more often than an open one."""


@dataclass(frozen=True)
class ReconciliationPolicy:
    """When tasks are looked at.

    Attributes:
        heartbeat_seconds: a task is looked at again so long after the last look.
        takeover_seconds: the age of a task from which its unsubmitted jobs are no longer its poller's.
        overdue_seconds: the age of a task from which the events of its jobs count as lost.
    """

    heartbeat_seconds: int
    takeover_seconds: int
    overdue_seconds: int

    @property
    def submit_seconds(self) -> float:
        """How long after its claim a reconciler may submit; the next claim is a heartbeat later."""
        return submitting_seconds(self.heartbeat_seconds)

    @property
    def settle_seconds(self) -> float:
        """How long a reconciler has an ended task in hand, and from when after its end on it takes it."""
        return self.heartbeat_seconds * SETTLE_SHARE

    def due_before_ms(self, now_ms: int) -> int:
        """The last heartbeat of a task that is only just due."""
        return now_ms - self.heartbeat_seconds * 1000

    def claim_before_ms(self, now_ms: int) -> int:
        """The last claim of a task of which every second heartbeat only is to take one."""
        return now_ms - 2 * self.heartbeat_seconds * 1000


FEW_MISSED: Final = 2
"""So many tasks of a run may hold up the others: a write that is refused again and again takes seconds."""


@dataclass(frozen=True)
class OverdueJob:
    """A job to ask Batch about.

    One that is `forgettable` may be unknown to it for good; of one that is `missing` Batch said so before.
    """

    key: str = field(repr=False)
    job_name: str
    job_id: str
    forgettable: bool
    missing: bool


@dataclass(frozen=True)
class Claimed:
    """A task that is this run's until `until_us`; `alive` says that its workflow waits for it."""

    record: TaskRecord
    alive: bool
    until_us: int


@dataclass
class Findings:
    """What the first pass of a run found to do. Lists, as these are appended to by several threads.

    Tasks are due that were claimed by `due_ms`, and `until_ms` says up to which claim all open ones were come
    to. Of these some were `missed`, and those that were `put_off` had their heartbeats, which tell whether
    they are alive, and are still to be claimed, the last one first. The claims of those `unclaimed` failed.
    """

    due_ms: int
    over: list[Claimed] = field(default_factory=list)
    unsubmitted: list[Claimed] = field(default_factory=list)
    overdue: list[OverdueJob] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    unclaimed: list[tuple[OpenTask, bool]] = field(default_factory=list)
    put_off: list[tuple[OpenTask, bool]] = field(default_factory=list)
    oldest_ms: int | None = None
    until_ms: int | None = None

    def see(self, task: OpenTask) -> None:
        """Remembers the age of the oldest task."""
        if self.oldest_ms is None or task.created_at < self.oldest_ms:
            self.oldest_ms = task.created_at

    @property
    def seen_ms(self) -> int | None:
        """Up to which claim all open tasks were seen to; None if the line was too long for that."""
        left = [*self.missed, *(task.heartbeat_at for task, _ in self.put_off)]
        return None if self.until_ms is None else min([self.until_ms, *(each - 1 for each in left)])

    @property
    def claims_wait(self) -> bool:
        """True once claims fail: all the others have their heartbeats first, and are claimed then."""
        return len(self.missed) >= FEW_MISSED


REMEMBERED_MS: Final = 150_000
"""A run that begins later after the one before knows nothing of it: two schedules were missed, or other
processes ran meanwhile."""


@dataclass(frozen=True)
class Unclaimed:
    """When a task that is still to be claimed had its heartbeat, and when its claim failed; 0 if never."""

    beat_ms: int
    failed_ms: int


NEVER: Final = Unclaimed(0, 0)


@dataclass
class LastRun:
    """Up to which claim all open tasks had their heartbeats, as the last run of this process saw to it.

    Whoever remembers it sends every second heartbeat of a task without a claim. Whoever does not, as he is
    new or did not come to the end of the line, claims each task that is due, so that it goes to the end.

    Tasks that cannot be claimed stay at the front of the line. As it is remembered when each of them had its
    heartbeat, the next run has time for those behind them.
    """

    _began_ms: int = 0
    _until_ms: int | None = None
    _unclaimed: Mapping[str, Unclaimed] = field(default_factory=dict, repr=False)

    def recall(self, now_ms: int) -> int | None:
        """Returns what is remembered, and forgets it: a run that fails has seen to nothing."""
        until_ms, self._until_ms = self._until_ms, None
        return until_ms if now_ms - self._began_ms <= REMEMBERED_MS else None

    def keep(self, began_ms: int, until_ms: int) -> None:
        """Remembers that each task that was claimed by `until_ms` has had its heartbeat since."""
        self._began_ms, self._until_ms = began_ms, until_ms

    def put_in_turn(self, put_off: list[tuple[OpenTask, bool]]) -> None:
        """Puts tasks last whose claims have not failed, before them the one whose claim failed longest ago.

        Claims that fail take long, and go on failing: they may have no time left for those that would hold.
        """
        put_off.sort(key=lambda each: self._of(each[0]).failed_ms, reverse=True)

    def had_heartbeat(self, task: OpenTask, due_ms: int) -> bool:
        """Whether a task that could not be claimed is alive and not due, as it had a heartbeat since."""
        return self._of(task).beat_ms > due_ms

    def keep_unclaimed(self, findings: Findings, began_ms: int) -> None:
        """Remembers the tasks that a run did not claim: those whose claims failed, and those without one."""
        failed = [(task, alive, began_ms) for task, alive in findings.unclaimed]
        waiting = [(task, alive, self._of(task).failed_ms) for task, alive in findings.put_off]

        def beat_ms(task: OpenTask) -> int:
            return self._of(task).beat_ms if self.had_heartbeat(task, findings.due_ms) else began_ms

        self._unclaimed = {
            task.key: Unclaimed(beat_ms(task) if alive else 0, failed_ms)
            for task, alive, failed_ms in (*waiting, *failed)
        }

    def _of(self, task: OpenTask) -> Unclaimed:
        return self._unclaimed.get(task.key, NEVER)


RUN_SECONDS: Final = 55
"""How long a run begins new looks. The schedule starts the next one within the minute (template.yaml), and
two that go through the same tasks would pay twice for each claim.
"""


HEARTBEAT_SECONDS: Final = 10
"""How long after that a heartbeat may still wait for its slot."""

SETTLE_SECONDS: Final = 50
"""How long after its heartbeats a run takes ended tasks in hand: there may be more of them than can be
settled in an hour, and the next run goes on with the one that is due for longest."""


@dataclass(frozen=True)
class Run:
    """When a run must end: `begin_until_us` for new looks, `submit_until_us` for new jobs."""

    begin_until_us: int
    submit_until_us: int

    @property
    def heartbeat_until_us(self) -> int:
        """When the last heartbeat is sent."""
        return min(self.begin_until_us + HEARTBEAT_SECONDS * MICROSECONDS, self.submit_until_us)

    def settle_until_us(self, now_us: int) -> int:
        """Until when new tasks are settled by a run that has sent its heartbeats by now."""
        return min(now_us + SETTLE_SECONDS * MICROSECONDS, self.submit_until_us)


def plan_run(now_us: int, *, remaining_seconds: float) -> Run:
    """Fits a run into what remains of the function's time."""
    until = partial(until_us, now_us, remaining_seconds=remaining_seconds, spare_seconds=LAST_SUBMIT_SECONDS)
    return Run(begin_until_us=until(most_seconds=RUN_SECONDS), submit_until_us=until())


FORGOTTEN_SECONDS: Final = 86_400
"""Batch keeps ended jobs for a day at least, and its answers may lag behind; a job that it does not know
has vanished only when its task is older than this.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""


AUDIT_SECONDS: Final = 60
"""How long after an array's end the events of its children count as lost."""


@dataclass(frozen=True)
class Diagnosis:
    """What to do for a live task: submit what is missing, ask Batch about jobs that should have ended.

    `submitting_is_over` says that nobody else can still be submitting its jobs.
    """

    submitting_is_over: bool
    unsubmitted: bool
    describe: tuple[JobRecord, ...]
    forgettable: bool


def diagnose(record: TaskRecord, *, now_ms: int, policy: ReconciliationPolicy) -> Diagnosis:
    """Says what a live, open task lacks."""
    age_ms = now_ms - record.created_at
    # of a task that nobody can read, nobody knows what to submit, or in which queue to look it up
    unsubmitted = record.fault is None and any(job.job_id is None for job in record.jobs.values())
    array_ended = record.array_ended_at is not None and now_ms - record.array_ended_at >= AUDIT_SECONDS * 1000
    overdue = age_ms >= policy.overdue_seconds * 1000 or array_ended
    waiting = tuple(job for job in record.jobs.values() if job.job_id and not job.ended)
    return Diagnosis(
        submitting_is_over=age_ms >= policy.takeover_seconds * 1000,
        unsubmitted=unsubmitted,
        describe=waiting if overdue else (),
        forgettable=age_ms >= FORGOTTEN_SECONDS * 1000,
    )
