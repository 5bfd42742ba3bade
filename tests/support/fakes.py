"""In-memory implementations of Sluice's ports; the contract tests run them beside the real adapters."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.session import Session

from sluice.aws.complaints import submit_job_complaint
from sluice.aws.tables.task_items import ROOMY_INPUT
from sluice.errors import AlreadyExistsError, RejectedError, ServiceError, TaskGoneError
from sluice.pollers.ports import Slot
from sluice.rate import gcra as rate
from sluice.tasks.model import (
    ActivityTask,
    JobRecord,
    Noted,
    OpenTask,
    OpenTry,
    TaskRecord,
    TaskState,
    Trouble,
    task_key,
)
from sluice.tasks.submission import jobs_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice.rate.gcra import Limit, RateState, Reservation
    from sluice.tasks.model import Outcome, Task

START_US = 1_800_000_000_000_000
BATCH_MODEL = Session().get_service_model("batch")


class FakeClock:
    """Time that only passes when somebody sleeps."""

    def __init__(self, now_us: int = START_US) -> None:
        self._now_us = now_us
        self._lock = threading.Lock()

    def now_us(self) -> int:
        return self._now_us

    def now_ms(self) -> int:
        return self._now_us // 1000

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now_us += max(0, round(seconds * rate.MICROSECONDS))


@dataclass
class FakeBatch:
    """A Batch that knows jobs; `answers` holds what the next SubmitJob calls do before they work again."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: deque[ServiceError] = field(default_factory=deque)
    lost_answers: int = 0
    terminated: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    broken_queues: dict[str, ServiceError] = field(default_factory=dict)
    submitted_at_us: list[int] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    stops_per_call: int = 50

    def complaint(self, request: Mapping[str, Any]) -> str | None:
        return submit_job_complaint(BATCH_MODEL, request)

    def submit_job(self, request: Mapping[str, Any]) -> str:
        self.calls["SubmitJob"] += 1
        if self.answers and not self.lost_answers:
            raise self.answers.popleft()
        if request["jobQueue"] == "no-such-queue":
            raise RejectedError("Job queue no-such-queue not found")
        if request["jobQueue"] in self.broken_queues:
            raise self.broken_queues[request["jobQueue"]]
        job_id = f"job-{len(self.jobs)}"
        self.jobs[job_id] = {"jobId": job_id, "status": "SUBMITTED", **request}
        self.submitted_at_us.append(self.clock.now_us())
        if self.lost_answers:
            self.lost_answers -= 1
            raise self.answers.popleft()
        return job_id

    def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
        self.calls["ListJobs"] += 1
        if job_queue in self.broken_queues:
            raise self.broken_queues[job_queue]
        found = [j for j in self.jobs.values() if j["jobQueue"] == job_queue and j["jobName"] == job_name]
        return [JobRecord(job_name, each["jobId"], each["status"], created_at=0) for each in found]

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        self.calls["DescribeJobs"] += 1
        return [self.jobs[job_id] for job_id in job_ids if job_id in self.jobs]

    def terminate_job(self, job_id: str, reason: str) -> None:
        self.calls["TerminateJob"] += 1
        self.end_job(job_id, reason)

    def terminate_jobs(self, job_ids: Sequence[str], reason: str) -> Mapping[str, ServiceError]:
        assert 0 < len(job_ids) <= self.stops_per_call
        self.calls["TerminateJobs"] += 1
        errors = {}
        for job_id in job_ids:
            try:
                self.end_job(job_id, reason)
            except ServiceError as error:
                errors[job_id] = error
        return errors

    def end_job(self, job_id: str, reason: str) -> None:
        """What both calls do with a job; a subclass may do something else."""
        assert reason
        self.terminated.append(job_id)


@dataclass
class FakeBounds:
    """Queues or job definitions that may be used; all unless some are named."""

    named: tuple[str, ...] = ()

    def instead_of(self, name: str) -> Sequence[str]:
        return () if name in self.named else self.named


@dataclass
class FakeActivities:
    """An Activity with a queue; tokens in `gone` are dead."""

    queue: deque[ActivityTask] = field(default_factory=deque)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    heartbeats: list[str] = field(default_factory=list)

    def next_task(self) -> ActivityTask | None:
        return self.queue.popleft() if self.queue else None

    def complete(self, token: str, outcome: Outcome) -> None:
        self._check(token)
        self.outcomes.setdefault(token, []).append(outcome)
        self.gone.add(token)

    def heartbeat(self, token: str) -> None:
        self._check(token)
        self.heartbeats.append(token)

    def _check(self, token: str) -> None:
        if token in self.gone:
            raise TaskGoneError("TaskTimedOut")


@dataclass
class MemoryTaskStore:
    """The task table in memory."""

    records: dict[str, TaskRecord] = field(default_factory=dict)
    closed_at: dict[str, int] = field(default_factory=dict)
    unsettled: dict[str, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _tokens: dict[str, str] = field(default_factory=dict)
    _brief: set[str] = field(default_factory=set)

    def _token(self, key: str) -> str:
        """The token of a task's key; tests may give the token itself."""
        if key in self.records:
            return key
        if len(self._tokens) != len(self.records):
            self._tokens.update({task_key(token): token for token in self.records})
        return self._tokens.get(key, key)

    def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
        assert text
        with self.lock:
            if task.token in self.records:
                return False
            jobs = {job.name: JobRecord(job.name) for job in task.jobs}
            self.records[task.token] = TaskRecord(task, TaskState.OPEN, jobs, now_ms, now_ms)
            self._tokens[task.key] = task.token
            if len(text.encode()) > ROOMY_INPUT:
                self._brief.add(task.token)
            return True

    def record_submitted(self, key: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
        with self.lock:
            token = self._token(key)
            record = self.records.get(token)
            if record is None:
                return None
            jobs = dict(record.jobs)
            for name, job_id in job_ids.items():
                jobs[name] = replace(jobs[name], job_id=jobs[name].job_id or job_id)
            return self._put(replace(record, jobs=jobs, trouble=None))

    def read(self, key: str) -> TaskRecord | None:
        with self.lock:
            return self.records.get(self._token(key))

    def note_trouble(self, key: str, job_name: str, answer: str, now_ms: int) -> TaskRecord | None:
        with self.lock:
            token = self._token(key)
            record = self.records.get(token)
            if record is None:
                return None
            failures, since = (
                (record.trouble.failures, record.trouble.since) if record.trouble else (0, now_ms)
            )
            return self._put(replace(record, trouble=Trouble(job_name, failures + 1, since, answer)))

    def note_missing(self, key: str, job_name: str, now_ms: int) -> None:
        with self.lock:
            record = self.records[self._token(key)]
            job = record.jobs[job_name]
            if not job.ended and job.missing_at is None:
                jobs = {**record.jobs, job_name: replace(job, missing_at=now_ms)}
                self._put(replace(record, jobs=jobs))

    def note_job(self, key: str, job: JobRecord) -> Noted:
        with self.lock:
            token = self._token(key)
            record = self.records.get(token)
            known = record.jobs.get(job.name) if record else None
            if record is None or known is None:
                return Noted(None, changed=False)
            if known.ended or known.job_id not in (None, job.job_id):
                return Noted(record, changed=False)
            kept = replace(job, attempt_details=None, document=None) if token in self._brief else job
            return Noted(self._put(replace(record, jobs={**record.jobs, job.name: kept})), changed=True)

    def close(self, key: str, state: TaskState, now_ms: int, *, settle_from_ms: int | None) -> bool:
        with self.lock:
            token = self._token(key)
            record = self.records.get(token)
            if record is None or token in self.closed_at or token in self.unsettled:
                return False
            if record.state not in (TaskState.OPEN, state):
                return False
            self._put(replace(record, state=state))
            if settle_from_ms is None:
                self.closed_at[token] = now_ms
            else:
                self.unsettled[token] = settle_from_ms
            return True

    def settle(self, key: str, now_ms: int) -> None:
        with self.lock:
            token = self._token(key)
            if self.unsettled.pop(token, None) is not None:
                self.closed_at[token] = now_ms

    def of_execution(self, execution_arn: str) -> list[TaskRecord]:
        ours = [record for record in self._kept() if record.task.execution_arn == execution_arn]
        return [record for record in ours if record.state is TaskState.OPEN]

    def open_tries(self, execution_arn: str, state_name: str) -> list[OpenTry]:
        ours = [each.task for each in self.of_execution(execution_arn) if each.task.state_name == state_name]
        return [OpenTry(task.key, jobs_digest(task)) for task in ours]

    def history(self, execution_arns: Sequence[str]) -> list[TaskRecord]:
        with self.lock:
            theirs = [each for each in self.records.values() if each.task.execution_arn in execution_arns]
        return sorted(theirs, key=lambda record: record.created_at)

    def count_open(self) -> int:
        return sum(record.state is TaskState.OPEN for record in self._kept())

    def open_tasks(self, most: int) -> list[TaskRecord]:
        return sorted(self._kept(), key=lambda record: record.heartbeat_at)[:most]

    def due_tasks(self, before_ms: int) -> Iterator[OpenTask]:
        due = [record for record in self._kept() if record.heartbeat_at <= before_ms]
        due.sort(key=lambda record: record.heartbeat_at)
        return iter([OpenTask(r.task.key, r.created_at, r.heartbeat_at, r.task.token) for r in due])

    def due_records(self, after_ms: int, before_ms: int) -> Iterator[OpenTask]:
        due = [task for task in self.due_tasks(before_ms) if task.heartbeat_at > after_ms]
        return iter([replace(task, record=self.records[task.token]) for task in due])

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        with self.lock:
            token = self._token(task.key)
            record = self.records.get(token)
            if record is None or token in self.closed_at or token in self.unsettled:
                return None
            if record.heartbeat_at != task.heartbeat_at:
                return None
            return self._put(replace(record, heartbeat_at=now_ms))

    def unsettled_tasks(self, now_ms: int) -> Iterator[OpenTask]:
        with self.lock:
            due = sorted((from_ms, token) for token, from_ms in self.unsettled.items() if from_ms <= now_ms)
        return iter(
            [
                OpenTask(self.records[token].task.key, self.records[token].created_at, from_ms)
                for from_ms, token in due
            ]
        )

    def claim_unsettled(self, task: OpenTask, again_ms: int) -> TaskRecord | None:
        with self.lock:
            token = self._token(task.key)
            if self.unsettled.get(token) != task.heartbeat_at:
                return None
            self.unsettled[token] = again_ms
            return self.records[token]

    def _kept(self) -> list[TaskRecord]:
        """The tasks that stand among the open ones."""
        with self.lock:
            ended = self.closed_at.keys() | self.unsettled.keys()
            return [record for token, record in self.records.items() if token not in ended]

    def _put(self, record: TaskRecord) -> TaskRecord:
        self.records[record.task.token] = record
        return record


@dataclass
class MemoryRateStore:
    """The rate table in memory."""

    states: dict[str, RateState] = field(default_factory=dict)
    writes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        with self.lock:
            self.writes += 1
            state = self.states.get(api) or rate.fresh(now_us, limit)
            raised = rate.climbed(state, now_us=now_us, limit=limit)
            after, taken = rate.reserve(raised, slots, now_us=now_us, limit=limit)
            if until_us is not None and taken.start_us > until_us:
                return None
            self.states[api] = after
            return taken

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        with self.lock:
            state = self.states.get(api) or rate.fresh(now_us, limit)
            self.states[api] = rate.backed_off(state, now_us=now_us, limit=limit)


@dataclass
class MemoryPollerSlots:
    """What is remembered of the poller slots, in memory."""

    slots: dict[int, Slot] = field(default_factory=dict)
    woken_at: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def numbers(self) -> dict[int, int]:
        return {slot: known.number for slot, known in self.slots.items()}

    def read(self, slot: int) -> Slot:
        return self.slots.get(slot, Slot())

    def remember(self, slot: int, number: int) -> None:
        with self.lock:
            if slot not in self.slots or self.slots[slot].number < number:
                self.slots[slot] = replace(self.read(slot), number=number, taken_at=None)

    def wake(self, slot: int, now_ms: int) -> Slot:
        with self.lock:
            self.woken_at[slot] = now_ms
            return self.read(slot)

    def rest(self, slot: int, number: int, *, since_ms: int) -> bool:
        with self.lock:
            if self.woken_at.get(slot, -1) >= since_ms:
                return False
            self.slots[slot] = replace(self.read(slot), resting=number)
            return True

    def mark_taken(self, slot: int, seen: Slot, number: int, now_ms: int) -> bool:
        with self.lock:
            if self.read(slot) != seen:
                return False
            self.slots[slot] = replace(seen, number=number, taken_at=now_ms)
            return True


@dataclass
class FakeExecutions:
    """Executions of the poller by name, with their statuses.

    `forgotten` are names that are taken though their executions cannot be described; `started` keeps the
    inputs, `looks` the names that were looked at.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    started: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    looks: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def status(self, name: str) -> str | None:
        self.looks.append(name)
        return None if name in self.forgotten else self.statuses.get(name)

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self.lock:
            if name in self.statuses or name in self.forgotten:
                raise AlreadyExistsError(name)
            self.statuses[name] = "RUNNING"
            self.started[name] = payload


@dataclass
class KeptTelemetry:
    """Counts, and what would have gone to the log."""

    counter: Counter[str] = field(default_factory=Counter)
    left: list[tuple[str, Exception]] = field(default_factory=list)
    failed_polls: list[ServiceError] = field(default_factory=list)
    failed_looks: list[ServiceError] = field(default_factory=list)
    not_described: list[tuple[int, ServiceError]] = field(default_factory=list)
    samples: list[tuple[str, str, ServiceError]] = field(default_factory=list)
    ends: list[tuple[str, int, ServiceError]] = field(default_factory=list)

    def count(self, name: str, value: int = 1) -> None:
        self.counter[name] += value

    def drain(self) -> dict[str, int]:
        counts, self.counter = dict(+self.counter), Counter()
        return counts

    def task_left(self, key: str, error: Exception) -> None:
        self.left.append((key, error))

    def poll_failed(self, error: ServiceError) -> None:
        self.failed_polls.append(error)

    def look_failed(self, error: ServiceError) -> None:
        self.failed_looks.append(error)

    def jobs_not_described(self, jobs: int, error: ServiceError) -> None:
        self.not_described.append((jobs, error))

    def sample_left(self, cohort: str, sample: str, error: ServiceError) -> None:
        self.samples.append((cohort, sample, error))

    def ends_left(self, cohort: str, ends: int, error: ServiceError) -> None:
        self.ends.append((cohort, ends, error))
