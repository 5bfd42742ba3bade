"""Heals what was lost: tasks without jobs, jobs without events, tasks without a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TypeVar

from sluice.errors import RejectedError, ServiceError, TaskGoneError, is_refusal
from sluice.fair_order import in_fair_order
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks import completion, reconciliation
from sluice.tasks.completer import Ended
from sluice.tasks.model import TaskState
from sluice.tasks.overdue_jobs import JOBS_PER_CALL
from sluice.tasks.reconciliation import Claimed, Findings, LastRun, OverdueJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sluice.ports import Clock, Telemetry, Workers
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Completer
    from sluice.tasks.model import OpenTask, TaskRecord
    from sluice.tasks.overdue_jobs import OverdueJobs
    from sluice.tasks.ports import Activities, TaskStore
    from sluice.tasks.reconciliation import Diagnosis, ReconciliationPolicy, Run
    from sluice.tasks.submitter import Submitter

Task = TypeVar("Task")

TOGETHER: Final = 50
"""Ended tasks in one piece of work: as many as one call of TerminateJobs stops, if each has a job that runs.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html
"""


@dataclass(frozen=True)
class Reconciler:
    """Looks at every open task once in a heartbeat and puts right what is not.

    A run goes through the tasks twice. First each task that is due gets its heartbeat, which takes as long
    whatever state Batch is in, and is claimed; once claims fail, the heartbeats of all come before the claims
    of the rest. Then comes the labour: telling, looking up, submitting, describing and stopping, which Batch
    may throttle for hours. What a run does not come to is left to a later one.

    The tasks come in the order of their last heartbeats: a task that had one goes to the end of the line. So
    a run needs no memory of the one before, and none is left out however many there are. Two runs at once
    share the line, as a task can be claimed once in a heartbeat.

    A process that came to the end of the line a minute ago knows who has had his heartbeat. It sends every
    second one of a task that lacks nothing without a claim, which is most of what a task costs.
    """

    activities: Activities
    store: TaskStore
    submitter: Submitter
    completer: Completer
    overdue_jobs: OverdueJobs
    heartbeat_limiter: Limiter
    workers: Workers
    policy: ReconciliationPolicy
    telemetry: Telemetry
    clock: Clock
    last_run: LastRun = field(default_factory=LastRun)

    def reconcile(self, run: Run) -> int:
        """Looks at the tasks that are due, longest not looked at first, until none is left or the time is up.

        A task that cannot be healed now is told of and left; the others do not wait for it.

        Returns:
            The age in seconds of the oldest task that was due; 0 if none was.
        """
        now_ms = self.clock.now_ms()
        findings = Findings(self.policy.due_before_ms(now_ms))
        self.workers.each(self._due(findings, run, now_ms), partial(self._visit, findings, run))
        self.workers.each(self._put_off(findings, run), lambda claim: claim())
        self.last_run.keep_unclaimed(findings, now_ms)
        if (seen_ms := findings.seen_ms) is not None:
            self.last_run.keep(now_ms, seen_ms)
        self.workers.each(self._labour(findings, run), lambda piece: piece())
        return 0 if findings.oldest_ms is None else (self.clock.now_ms() - findings.oldest_ms) // 1000

    def _due(self, findings: Findings, run: Run, now_ms: int) -> Iterator[OpenTask]:
        for task in self._line(findings.due_ms, now_ms):
            findings.see(task)
            if self.clock.now_us() >= run.begin_until_us:
                return
            yield task
        findings.until_ms = findings.due_ms

    def _line(self, due_ms: int, now_ms: int) -> Iterator[OpenTask]:
        """The tasks that are due, as far as is known: first those without a heartbeat since their claim."""
        seen_ms = self.last_run.recall(now_ms)
        if seen_ms is None:
            return self.store.due_tasks(due_ms)
        again_ms = min(seen_ms, self.policy.claim_before_ms(now_ms))
        return chain(self.store.due_records(seen_ms, due_ms), self.store.due_tasks(again_ms))

    def _visit(self, findings: Findings, run: Run, task: OpenTask) -> None:
        """Sends a heartbeat, then claims the task: who dies between the two has cost it nothing."""
        try:
            alive = self._is_alive(findings, run, task)
        except ServiceError as error:
            self._miss(findings, task, error)
            return
        if alive and self._lacks_nothing(findings, task.record):
            return
        if findings.claims_wait:
            findings.put_off.append((task, alive))
        else:
            self._claim(findings, run, task, alive=alive)

    def _is_alive(self, findings: Findings, run: Run, task: OpenTask) -> bool:
        if self.last_run.had_heartbeat(task, findings.due_ms):
            return True
        return self._beat(task.token, run.heartbeat_until_us)

    def _put_off(self, findings: Findings, run: Run) -> Iterator[Callable[[], None]]:
        """The claims that wait until all had their heartbeats, as many as there is time for."""
        until_us = run.settle_until_us(self.clock.now_us())
        self.last_run.put_in_turn(findings.put_off)
        while findings.put_off and self.clock.now_us() < until_us:
            task, alive = findings.put_off.pop()
            yield partial(self._claim, findings, run, task, alive=alive)

    def _claim(self, findings: Findings, run: Run, task: OpenTask, *, alive: bool) -> None:
        until_us = self.clock.now_us() + int(self.policy.submit_seconds * MICROSECONDS)
        try:
            record = self.store.claim(task, self.clock.now_ms())
        except ServiceError as error:
            findings.unclaimed.append((task, alive))
            self._miss(findings, task, error)
            return
        if record is not None:
            self._sort(findings, Claimed(record, alive, min(until_us, run.submit_until_us)))

    def _miss(self, findings: Findings, task: OpenTask, error: ServiceError) -> None:
        self.telemetry.task_left(task.key, error)
        findings.missed.append(task.heartbeat_at)

    def _lacks_nothing(self, findings: Findings, record: TaskRecord | None) -> bool:
        """True for a task that goes on without a claim; Batch may be asked about its jobs all the same."""
        if record is None or record.state is not TaskState.OPEN or completion.decide(record) is not None:
            return False
        diagnosis = self._diagnosed(record)
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            return False
        self._see_overdue(findings, record, diagnosis)
        return True

    def _beat(self, token: str, until_us: int) -> bool:
        """Sends a heartbeat; False if the token is dead."""
        try:
            self.heartbeat_limiter.call(partial(self.activities.heartbeat, token), until_us)
        except TaskGoneError:
            return False
        self.telemetry.count("Heartbeats")
        return True

    def _sort(self, findings: Findings, claimed: Claimed) -> None:
        record = claimed.record
        if not claimed.alive or record.state is not TaskState.OPEN or completion.decide(record) is not None:
            findings.over.append(claimed)
            return
        diagnosis = self._diagnosed(record)
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            findings.unsubmitted.append(claimed)
        self._see_overdue(findings, record, diagnosis)

    def _diagnosed(self, record: TaskRecord) -> Diagnosis:
        return reconciliation.diagnose(record, now_ms=self.clock.now_ms(), policy=self.policy)

    @staticmethod
    def _see_overdue(findings: Findings, record: TaskRecord, diagnosis: Diagnosis) -> None:
        findings.overdue += [
            OverdueJob(
                record.task.key,
                job.name,
                str(job.job_id),
                forgettable=diagnosis.forgettable,
                missing=job.missing_at is not None,
            )
            for job in diagnosis.describe
        ]

    def _labour(self, findings: Findings, run: Run) -> Iterator[Callable[[], None]]:
        parts = range(0, len(findings.overdue), JOBS_PER_CALL)
        settle_until_us = run.settle_until_us(self.clock.now_us())
        return in_fair_order(
            (partial(self._end, some, settle_until_us) for some in _groups(iter(findings.over))),
            (self._piece(each.record.task.key, partial(self._resume, each)) for each in findings.unsubmitted),
            (
                partial(
                    self.overdue_jobs.describe,
                    findings.overdue[begin : begin + JOBS_PER_CALL],
                    until_us=run.submit_until_us,
                )
                for begin in parts
            ),
            (partial(self._settle, some, run) for some in _groups(self._unsettled(settle_until_us))),
        )

    def _piece(self, key: str, act: Callable[[], None]) -> Callable[[], None]:
        def work() -> None:
            try:
                act()
            except ServiceError as error:
                self.telemetry.task_left(key, error)

        return work

    def _end(self, group: Sequence[Claimed], settle_until_us: int) -> None:
        """Ends tasks whose jobs are over, or for which nobody waits; they are settled afterwards."""
        ended: list[TaskRecord] = []
        for claimed in group:
            self._piece(claimed.record.task.key, partial(self._end_one, claimed.record, ended))()
        self.completer.settle_soon(ended, until_us=settle_until_us)

    def _end_one(self, record: TaskRecord, done: list[TaskRecord]) -> None:
        if record.state is not TaskState.OPEN:  # a former version left it among the open ones
            now_ms = self.clock.now_ms()
            self.store.close(record.task.key, record.state, now_ms, settle_from_ms=now_ms)
            return
        ended = record if self.completer.complete(record) else self.completer.abandon(record)
        if ended is not None:
            done.append(ended)

    def _resume(self, claimed: Claimed) -> None:
        """Looks up the jobs of unknown ids by their names, and submits what is missing."""
        if self.clock.now_us() >= claimed.until_us:
            return
        record = self._with_found_ids(claimed.record, claimed.until_us)
        if self.completer.complete(record) or not completion.may_be_submitted(record):
            return
        self.telemetry.count("TasksResumed")
        self.submitter.submit(record, until_us=claimed.until_us)

    def _unsettled(self, begin_until_us: int) -> Iterator[OpenTask]:
        """The tasks to settle, for as long as new ones may be taken in hand."""
        for task in self.store.unsettled_tasks(self.clock.now_ms()):
            if self.clock.now_us() >= begin_until_us:
                return
            yield task

    def _settle(self, group: Sequence[OpenTask], run: Run) -> None:
        """Stops the jobs of tasks that have ended, those of unknown ids too once nobody submits any more.

        To look such jobs up takes long, so that the others' are stopped first.
        """
        again_us = self.clock.now_us() + int(self.policy.settle_seconds * MICROSECONDS)
        until_us = min(again_us, run.submit_until_us)
        known: list[Ended] = []
        unknown: list[TaskRecord] = []
        for task in group:
            self._piece(task.key, partial(self._take_in_hand, task, again_us // 1000, known, unknown))()
        self.completer.settle(known, until_us=until_us)
        for record in unknown:
            self.completer.settle([self._looked_up(record, until_us)], until_us=until_us)

    def _take_in_hand(
        self, task: OpenTask, again_ms: int, known: list[Ended], unknown: list[TaskRecord]
    ) -> None:
        record = self.store.claim_unsettled(task, again_ms)
        if record is None:
            return
        diagnosis = self._diagnosed(record)
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            unknown.append(record)
        else:
            known.append(Ended(record, diagnosis.submitting_is_over))

    def _looked_up(self, record: TaskRecord, until_us: int) -> Ended:
        try:
            return Ended(self._with_found_ids(record, until_us), submitting_is_over=True)
        except ServiceError as error:  # the jobs that are known are stopped all the same
            self.telemetry.task_left(record.task.key, error)
            return Ended(record)

    def _with_found_ids(self, record: TaskRecord, until_us: int) -> TaskRecord:
        """Notes the ids of those jobs that were submitted and could not be noted."""
        try:
            found = self.submitter.finder.find(record, until_us=until_us)
        except RejectedError as error:
            if not is_refusal(error):
                raise
            return record  # a queue that is gone holds no job; to submit to it says so to the sender
        noted = self.store.record_submitted(record.task.key, found) if found else None
        return noted or record


def _groups(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    """Tasks whose jobs are stopped together, drawn as they are needed."""
    while group := list(islice(tasks, TOGETHER)):
        yield group
