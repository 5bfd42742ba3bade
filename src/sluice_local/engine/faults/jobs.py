"""Faults of Batch jobs: ended by hand, forgotten, not started, stuck in RUNNABLE, on a lost Spot host."""

import threading
from collections.abc import Callable
from typing import Any

from sluice_local.batch.backend import Backend
from sluice_local.batch.model import Exit, Job
from sluice_local.batch.queues import Queues
from sluice_local.batch.running.exits import Ending
from sluice_local.batch.running.runner import Runner
from sluice_local.faults.in_force import FaultsInForce, Opportunity
from sluice_local.faults.plan import Fault, FaultKind

TERMINATED_BY_HAND = "Terminated by hand"
MISCONFIGURATION = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
STUCK_REASON = f"{MISCONFIGURATION} - No compute environment of the job queue can hold the job."
TIME_LIMIT_REASON = f"Canceled by JobStateTimeLimit action due to reason: {MISCONFIGURATION}"
"""Source of the words: https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_misconfiguration.html"""

_UNSTARTED = {
    FaultKind.JOB_FAILS_TO_START: Exit(
        None,
        reason="CannotPullContainerError: the image is not there or may not be read",
        status_reason="Task failed to start",
    ),
    FaultKind.JOB_NOT_STARTED: Exit(
        None,
        reason="CannotStartContainerError: Error response from daemon: failed to initialize logging driver: "
        "failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded",
        status_reason="Task failed to start",
    ),
}
"""How ECS tells of containers that never ran.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://github.com/moby/moby/issues/42088
"""
_HOST_LOST = Exit(None, status_reason="Host EC2 (instance i-0123456789abcdef0) terminated.")
"""What retry strategies match, https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_batch.Reason.html"""
_HOST_LOST_ENDING = Ending(at_once=True)

_WHILE_RUNNING = frozenset({FaultKind.JOB_TERMINATED, FaultKind.SPOT_INTERRUPTION})
_VANISHING = frozenset({FaultKind.JOB_VANISHED})
_STUCK = frozenset({FaultKind.JOB_STUCK_RUNNABLE})


class FaultyRunner:
    """Runs attempts as `runner` does, unless a fault happens to one."""

    def __init__(self, faults: FaultsInForce, runner: Runner, backend: Backend) -> None:
        self._faults = faults
        self._runner = runner
        self._backend = backend

    def run(self, job: Job, on_started: Callable[[], None]) -> Exit:
        """Run a placed job's command to its end, which a fault may bring about."""
        if not self._faults.active:
            return self._runner.run(job, on_started)
        if unstarted := self._faults.draw(_UNSTARTED.keys(), _opportunity(job)):
            return _UNSTARTED[unstarted.kind]
        fault = self._faults.draw(_WHILE_RUNNING, _opportunity(job))
        if fault is None:
            return self._runner.run(job, on_started)
        return self._run_and_strike(job, on_started, fault)

    def _run_and_strike(self, job: Job, on_started: Callable[[], None], fault: Fault) -> Exit:
        struck = threading.Event()
        timer = threading.Timer(fault.seconds, self._strike, (job.spec.job_id, fault.kind, struck))
        timer.daemon = True

        def started() -> None:
            on_started()
            if fault.seconds:
                timer.start()
            else:  # however short the program is
                self._strike(job.spec.job_id, fault.kind, struck)

        exit_ = self._runner.run(job, started)
        timer.cancel()
        return _HOST_LOST if struck.is_set() and fault.kind is FaultKind.SPOT_INTERRUPTION else exit_

    def _strike(self, job_id: str, kind: FaultKind, struck: threading.Event) -> None:
        struck.set()
        if kind is FaultKind.JOB_TERMINATED:
            self._backend.terminate(job_id, TERMINATED_BY_HAND)
        else:
            self._runner.stop(job_id, _HOST_LOST_ENDING)


def vanishing(faults: FaultsInForce, backend: Backend) -> Callable[[Job], None]:
    """Return what is told of each submitted job and has Batch forget some."""

    def submitted(job: Job) -> None:
        fault = faults.draw(_VANISHING, _opportunity(job)) if faults.active else None
        if fault is not None:
            _after(fault.seconds, backend.forget, job.spec.job_id)

    return submitted


class StuckJobs:
    """Jobs that cannot be placed, until somebody stops them, their time is over, or the plan ends."""

    def __init__(self, faults: FaultsInForce, queues: Queues) -> None:
        self._faults = faults
        self._queues = queues
        self._held: set[str] = set()
        self._backend: Backend | None = None

    def attach(self, backend: Backend) -> None:
        """Set the backend whose jobs these are."""
        self._backend = backend
        self._faults.on_heal(self._release_all)

    def blocked_by(self, job: Job) -> str | None:
        """Tell why a job cannot be placed, None if no fault keeps it from that."""
        fault = self._faults.draw(_STUCK, _opportunity(job)) if self._faults.active else None
        if fault is None:
            return None
        self._held.add(job.spec.job_id)
        if not self._faults.active:  # it was healed just now, and this job may have come too late for it
            self._held.discard(job.spec.job_id)
            return None
        if (limit_seconds := self._limit_seconds(job)) is not None:
            _after(fault.seconds or limit_seconds, self._cancel, job.spec.job_id)
        return STUCK_REASON

    def _limit_seconds(self, job: Job) -> float | None:
        """How long the job's queue lets it wait for compute that will never come.

        Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobStateTimeLimitAction.html
        """
        for queue in self._queues.describe_queues([job.spec.queue_arn], job.spec.scope):
            for action in queue.get("jobStateTimeLimitActions", ()):
                if action["reason"] == MISCONFIGURATION:
                    return float(action["maxTimeSeconds"])
        return None

    def _cancel(self, job_id: str) -> None:
        if job_id in self._held and self._backend is not None:
            self._held.discard(job_id)
            self._backend.cancel(job_id, TIME_LIMIT_REASON)

    def _release_all(self) -> None:
        held, self._held = self._held, set()
        for job_id in held:
            if self._backend is not None:
                self._backend.unblock(job_id)


def _opportunity(job: Job) -> Opportunity:
    return Opportunity((job.spec.name,), f"job {job.spec.job_id} {job.spec.name}")


def _after(seconds: float, act: Callable[..., None], *arguments: Any) -> None:
    if not seconds:
        act(*arguments)
        return
    timer = threading.Timer(seconds, act, arguments)
    timer.daemon = True
    timer.start()
