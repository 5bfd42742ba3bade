"""Every job of this Local AWS, under one lock: steps the state machine and does the effects of each step."""

import threading
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sluice_local.batch.capacity.placing import new_placement
from sluice_local.batch.capacity.room import Lack, Room
from sluice_local.batch.dependencies import Waiting, awaited_ids
from sluice_local.batch.model import Document, Exit, Job, JobStatus, Scope
from sluice_local.batch.requests import Target, array_child, build_job
from sluice_local.batch.sharing.order import in_fair_order
from sluice_local.batch.transitions import (
    Blocked,
    Cancelled,
    ChildrenChanged,
    DependenciesMet,
    DependencyFailed,
    Effect,
    Evaluated,
    Exited,
    Happening,
    Placed,
    Started,
    Terminated,
    Unblocked,
    advance,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the backend reaches outside itself.

    `publish` gets each job right after its state changed, in order, and must not block; `stop_program` ends
    the program of a job; `serving_order` lists the ARNs of the queues to take jobs from; `blocked_by` tells
    why a job cannot be placed, None if it can; `environments_of` lists the compute environments that a queue
    may use, the first to be filled first; `policy_of` gives a queue's fair-share scheduling policy, None if
    it has none.
    """

    publish: Callable[[Job], None]
    stop_program: Callable[[str], None]
    serving_order: Callable[[], list[str]]
    blocked_by: Callable[[Job], str | None] = lambda _: None
    environments_of: Callable[[str], Sequence[Document]] = lambda _: ({},)
    policy_of: Callable[[str], Document | None] = lambda _: None


class Backend:
    """Keeps the jobs. Every method may be called from any thread and returns at once, but `next_placed`."""

    def __init__(self, surroundings: Surroundings, room: Room) -> None:
        self._outside = surroundings
        self._changed = threading.Condition(threading.RLock())
        self._room = room
        self._closed = False
        self._jobs: dict[str, Job] = {}
        self._forgotten: list[Job] = []
        self._submitted: deque[str] = deque()
        self._ready: defaultdict[str, deque[str]] = defaultdict(deque)
        self._waiting = Waiting()
        self._children: dict[str, Counter[JobStatus]] = {}

    def submit(self, request: Document, target: Target) -> Job:
        """Take a checked SubmitJob request; the job is SUBMITTED until the scheduler looks at it."""
        job = build_job(request, target, job_id=str(uuid.uuid4()), created_at_ms=_now_ms())
        with self._changed:
            self._accept(job)
            self._changed.notify()
        return job

    def cancel(self, job_id: str, reason: str) -> None:
        """End a job that waits, with its children when it is an array; nothing happens to any other."""
        self._stop(job_id, Cancelled(reason))

    def terminate(self, job_id: str, reason: str) -> None:
        """End a job in whatever state it is, with its children when it is an array."""
        self._stop(job_id, Terminated(reason))

    def terminate_queue(self, queue_arn: str, reason: str) -> None:
        """End every job of a queue that is deleted."""
        for job in self.queue_jobs(queue_arn):
            self.terminate(job.spec.job_id, reason)

    def unblock(self, job_id: str) -> None:
        """Let a job be placed that `blocked_by` kept from it."""
        self._happened(job_id, Unblocked())

    def forget(self, job_id: str) -> None:
        """Lose a job, with its children when it is an array: its program ends, and nobody is told."""
        with self._changed:
            self._evaluate_submitted()  # so that an array has its children
            for each in (job_id, *self._child_ids(job_id)):
                job = self._jobs.pop(each, None)
                if job is not None:
                    self._forgotten.append(job)
                    if not job.status.waiting:
                        self._outside.stop_program(each)

    def set_tags(self, job_id: str, tags: Document) -> None:
        """Give a job other tags."""
        with self._changed:
            job = self._jobs[job_id]
            spec = replace(job.spec, passed_through={**job.spec.passed_through, "tags": tags})
            self._jobs[job_id] = replace(job, spec=spec)

    def forgotten(self) -> list[Job]:
        """List the jobs that were lost, as they were then; only who watches Batch from outside sees them."""
        return list(self._forgotten)

    def find(self, job_ids: Iterable[str], scope: Scope) -> list[Job]:
        """Find the jobs with these ids in an account and Region; unknown ids are left out."""
        found = map(self._job, job_ids)
        return [job for job in found if job is not None and job.spec.scope == scope]

    def queue_jobs(self, queue_arn: str) -> list[Job]:
        """List the jobs of a queue, arrays by their parent only, oldest first."""
        jobs = [job for job in self.jobs() if job.spec.queue_arn == queue_arn]
        return [job for job in jobs if job.spec.array_index is None]

    def array_jobs(self, parent_id: str) -> list[Job]:
        """List the children of an array."""
        return [job for job in map(self._jobs.get, self._child_ids(parent_id)) if job is not None]

    def jobs(self) -> list[Job]:
        """List every job, oldest first."""
        with self._changed:
            return list(self._jobs.values())

    def next_placed(self) -> Job | None:
        """Wait for a job that can run and give it a slot; None when the backend is closed.

        The caller has to report `started` and must report `exited`, which frees the slot.
        """
        with self._changed:
            while not self._closed:
                self._evaluate_submitted()
                if job := self._place():
                    return job
                self._changed.wait(self._room.seconds_until_launch(time.monotonic()))
        return None

    def lacks(self) -> list[Lack]:
        """List what the jobs that could run wait for, queue by queue."""
        return self._room.lacks if any(job.status is JobStatus.RUNNABLE for job in self.jobs()) else []

    def started(self, job_id: str) -> None:
        """Note that the job's program runs."""
        self._happened(job_id, Started())

    def exited(self, job_id: str, exit_: Exit) -> None:
        """Note how the attempt ended and free its slot."""
        with self._changed:
            self._room.give_back(job_id)
            self._happened(job_id, Exited(exit_))
            self._changed.notify()

    def wake(self) -> None:
        """Look again for jobs to place, since a queue or compute environment changed."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """Place nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _accept(self, job: Job) -> None:
        self._jobs[job.spec.job_id] = job
        self._submitted.append(job.spec.job_id)

    def _evaluate_submitted(self) -> None:
        while self._submitted:
            job = self._jobs.get(self._submitted.popleft())
            if job is None:
                continue  # it was forgotten
            if job.is_array_parent:
                self._spawn_children(job)
            self._evaluate(job)

    def _evaluate(self, job: Job) -> None:
        """Let a job wait for those that have not ended; one that failed or is unknown fails the job."""
        job_id = job.spec.job_id
        awaited = {other: self._jobs.get(other) for other in awaited_ids(job.spec)}
        if any(other is None or other.status is JobStatus.FAILED for other in awaited.values()):
            self._happened(job_id, DependencyFailed())
            return
        unfinished = [other for other, it in awaited.items() if it is not None and not it.status.ended]
        self._waiting.add(job_id, unfinished)
        self._happened(job_id, Evaluated(waits=bool(unfinished)))

    def _spawn_children(self, parent: Job) -> None:
        if parent.status.ended:
            return
        size = parent.spec.array_size or 0
        self._children[parent.spec.job_id] = Counter({JobStatus.SUBMITTED: size})
        for index in range(size):
            self._accept(array_child(parent, index, created_at_ms=_now_ms()))

    def _place(self) -> Job | None:
        for queue_arn in self._outside.serving_order():
            job = self._first_of(queue_arn)
            if job is None or not self._room.has_slots():
                continue
            environments = self._outside.environments_of(queue_arn)
            environment = self._room.take(job, environments, time.monotonic())
            if environment is not None:
                self._ready[queue_arn].popleft()
                return self._happened(job.spec.job_id, Placed(new_placement(job, environment)))
        self._room.end_look()
        return None

    def _first_of(self, queue_arn: str) -> Job | None:
        """Find the job of a queue that is to be placed next; it stays in the queue."""
        self._order(queue_arn)
        ready = self._ready[queue_arn]
        while ready:
            job = self._jobs.get(ready[0])
            if job is None or job.status is not JobStatus.RUNNABLE:
                ready.popleft()  # it was forgotten, or stopped while it waited
            elif reason := self._outside.blocked_by(job):
                ready.popleft()
                self._happened(job.spec.job_id, Blocked(reason))
            else:
                return job
        return None

    def _order(self, queue_arn: str) -> None:
        """Put the jobs that wait in a fair-share queue into their order."""
        policy = self._outside.policy_of(queue_arn)
        if policy is None:
            return
        ready = self._ready[queue_arn]
        waiting = [job for job in map(self._jobs.get, ready) if job and job.status is JobStatus.RUNNABLE]
        of_queue = [job for job in self._jobs.values() if job.spec.queue_arn == queue_arn]
        placed = [job for job in of_queue if job.status in {JobStatus.STARTING, JobStatus.RUNNING}]
        ready.clear()
        ready.extend(job.spec.job_id for job in in_fair_order(waiting, placed, policy))

    def _stop(self, job_id: str, happening: Cancelled | Terminated) -> None:
        with self._changed:
            self._evaluate_submitted()  # so that an array has its children
            if job_id in self._jobs:
                self._happened(job_id, happening)
            for child_id in self._child_ids(job_id):
                self._happened(child_id, happening)

    def _job(self, job_id: str) -> Job | None:
        if ":" in job_id and job_id not in self._jobs:
            with self._changed:
                self._evaluate_submitted()  # so that an array has its children
        return self._jobs.get(job_id)

    def _child_ids(self, parent_id: str) -> list[str]:
        parent = self._jobs.get(parent_id)
        size = parent.spec.array_size if parent and parent_id in self._children else None
        return [f"{parent_id}:{index}" for index in range(size or 0)]

    def _happened(self, job_id: str, happening: Happening) -> Job | None:
        """Step a job; answers with the new one, None if it was forgotten."""
        with self._changed:
            before = self._jobs.get(job_id)
            if before is None:
                return None
            step = advance(before, happening, now_ms=_now_ms())
            self._jobs[job_id] = step.job
            if Effect.PUBLISH in step.effects:
                self._outside.publish(step.job)
                self._count_child(before, step.job)
            if Effect.QUEUE in step.effects:
                self._ready[step.job.spec.queue_arn].append(job_id)
                self._changed.notify()
            if Effect.KILL in step.effects:
                self._outside.stop_program(job_id)
            if Effect.SETTLE in step.effects:
                self._settle(step.job)
            return step.job

    def _count_child(self, before: Job, after: Job) -> None:
        counts = self._children.get(after.spec.parent_id)
        if counts is None or after.spec.array_index is None:
            return
        counts[before.status] -= 1
        counts[after.status] += 1
        self._happened(after.spec.parent_id, ChildrenChanged(dict(counts)))

    def _settle(self, job: Job) -> None:
        succeeded = job.status is JobStatus.SUCCEEDED
        happening = DependenciesMet() if succeeded else DependencyFailed()
        for dependent in self._waiting.settle(job.spec.job_id, succeeded=succeeded):
            self._happened(dependent, happening)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
