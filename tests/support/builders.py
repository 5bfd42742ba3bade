"""Makes what tests need in one line: task inputs, records, event details, and services on fakes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sluice.arrays.members import ArrayMembers
from sluice.arrays.sender import ArraySender
from sluice.pollers.ceiling import Ceiling
from sluice.pollers.pool import PollerPool
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.workers import ThreadWorkers
from sluice.tasks.completer import Completer, Stopper
from sluice.tasks.completion import job_record
from sluice.tasks.contract import Allowed, parse_task
from sluice.tasks.job_finder import JobFinder
from sluice.tasks.model import ActivityTask, JobRecord, TaskRecord, TaskState, task_key
from sluice.tasks.overdue_jobs import OverdueJobs
from sluice.tasks.reconciler import Reconciler
from sluice.tasks.reconciliation import ReconciliationPolicy
from sluice.tasks.submission import submitting_seconds
from sluice.tasks.submitter import Submitter
from tests.support.array_fakes import FakeLaunches, MemoryArrayStore
from tests.support.fakes import (
    FakeActivities,
    FakeBatch,
    FakeBounds,
    FakeClock,
    KeptTelemetry,
    MemoryRateStore,
    MemoryTaskStore,
)

if TYPE_CHECKING:
    from sluice.ports import Workers

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:workflow:NA06989"
QUEUE = "arn:aws:batch:us-east-1:000000000000:job-queue/lowpass"


def job(name: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """A job of a task's input."""
    wanted = {"jobName": name, "jobQueue": QUEUE, "jobDefinition": "lowpass", **fields}
    return {**wanted, "dependsOn": [{"jobName": need} for need in needs]} if needs else wanted


def task_text(*jobs: dict[str, Any], **fields: Any) -> str:
    """The input of an activity task."""
    return json.dumps({"executionArn": EXECUTION, "stateName": "Align", "jobs": list(jobs), **fields})


def open_record(*jobs: dict[str, Any], token: str = "token", **fields: Any) -> TaskRecord:
    """A task of which nothing but the intent is known."""
    task = parse_task(token, task_text(*jobs, **fields))
    return TaskRecord(task, TaskState.OPEN, {spec.name: JobRecord(spec.name) for spec in task.jobs}, 0, 0)


def detail(job_id: str, status: str = "SUCCEEDED", **fields: Any) -> dict[str, Any]:
    """A JobDetail as Batch's events carry it."""
    container = {"exitCode": 0 if status == "SUCCEEDED" else 1, "logStreamName": f"align/default/{job_id}"}
    times = {"createdAt": 1000, "startedAt": 2000, "stoppedAt": 3000}
    return {"jobId": job_id, "status": status, "attempts": [{}], "container": container, **times, **fields}


def ended(name: str, job_id: str, status: str = "SUCCEEDED", **fields: Any) -> JobRecord:
    """The record of a job that ended."""
    return job_record(name, detail(job_id, status, **fields))


def job_event(token: str, name: str, body: dict[str, Any]) -> str:
    """A Batch Job State Change event as JSON text."""
    parameters = {"taskKey": task_key(token), "taskJob": name}
    return json.dumps(
        {
            "source": "aws.batch",
            "detail-type": "Batch Job State Change",
            "detail": {**body, "parameters": parameters},
        }
    )


@dataclass
class World:
    """All services on fakes that share one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    activities: FakeActivities = field(default_factory=FakeActivities)
    store: MemoryTaskStore = field(default_factory=MemoryTaskStore)
    rates: MemoryRateStore = field(default_factory=MemoryRateStore)
    queues: FakeBounds = field(default_factory=FakeBounds)
    definitions: FakeBounds = field(default_factory=FakeBounds)
    launches: FakeLaunches = field(default_factory=FakeLaunches)
    telemetry: KeptTelemetry = field(default_factory=KeptTelemetry)
    limit: Limit = field(default_factory=lambda: Limit(50))
    policy: ReconciliationPolicy = field(default_factory=lambda: ReconciliationPolicy(300, 300, 3600))
    workers: Workers = field(default_factory=lambda: ThreadWorkers(1))
    max_open_tasks: int = 75_000

    @cached_property
    def batch(self) -> FakeBatch:
        return FakeBatch(clock=self.clock)

    @cached_property
    def stopper(self) -> Stopper:
        return Stopper(self.batch, self._limiter("TerminateJob"), self.telemetry)

    @cached_property
    def submitter(self) -> Submitter:
        return Submitter(
            batch=self.batch,
            allowed=Allowed(self.queues, self.definitions),
            store=self.store,
            completer=self.completer,
            submit_limiter=self.submit_limiter,
            finder=self.finder,
            together=self.together,
            window_seconds=submitting_seconds(self.policy.takeover_seconds),
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def submit_limiter(self) -> Limiter:
        return self._limiter("SubmitJob")

    @cached_property
    def finder(self) -> JobFinder:
        limiter = self._limiter("ListJobs")
        return JobFinder(self.batch, limiter, self.stopper, self.telemetry, self.clock, self.members)

    @cached_property
    def array_store(self) -> MemoryArrayStore:
        return MemoryArrayStore(self.store)

    @cached_property
    def members(self) -> ArrayMembers:
        return ArrayMembers(lambda: self.array_store)

    @cached_property
    def together(self) -> ArraySender:
        return ArraySender(
            batch=self.batch,
            store=self.array_store,
            launches=self.launches,
            limiter=self.submit_limiter,
            finder=self.finder,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def completer(self) -> Completer:
        return Completer(
            self.activities,
            self.store,
            self.stopper,
            self.telemetry,
            self.clock,
            heartbeat_limiter=self._limiter("SendTaskHeartbeat"),
            settle_seconds=self.policy.settle_seconds,
        )

    def abandon(self, record: TaskRecord) -> None:
        """What cancel_jobs does with a task of a workflow that was stopped."""
        ended = self.completer.abandon(record)
        self.completer.settle_soon([ended] if ended else [])

    def note(self, token: str, job: JobRecord) -> None:
        """What handle_job_status does with a job that ended."""
        task = self.completer.note(token, job)
        self.completer.settle_soon([task] if task else [])

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            activities=self.activities,
            store=self.store,
            submitter=self.submitter,
            completer=self.completer,
            overdue_jobs=self.overdue_jobs,
            heartbeat_limiter=self._limiter("SendTaskHeartbeat"),
            workers=self.workers,
            policy=self.policy,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def overdue_jobs(self) -> OverdueJobs:
        limiter = self._limiter("DescribeJobs")
        return OverdueJobs(self.batch, limiter, self.completer, self.telemetry)

    @cached_property
    def pool(self) -> PollerPool:
        return PollerPool(
            self.activities,
            self.submitter,
            self.clock,
            self.telemetry,
            lambda: self.submitter.submit_limiter.rate_per_second,
            Ceiling(self.max_open_tasks, self.store.count_open, self.telemetry, self.clock),
        )

    def in_seconds(self, seconds: float) -> int:
        """A time from now, in microseconds since the epoch."""
        return self.clock.now_us() + round(seconds * 1_000_000)

    def take(self, token: str, *jobs: dict[str, Any], **fields: Any) -> None:
        """Hands a task to the submitter, with plenty of time."""
        self.hand(ActivityTask(token, task_text(*jobs, **fields)), until_us=self.in_seconds(600))

    def hand(self, task: ActivityTask, *, until_us: int) -> None:
        """Hands a task to the submitter, as a poller does."""
        record = self.submitter.accept(task)
        if record is not None:
            self.submitter.begin(record, until_us=until_us)

    def _limiter(self, api: str) -> Limiter:
        return Limiter(api, limit=self.limit, store=self.rates, clock=self.clock)
