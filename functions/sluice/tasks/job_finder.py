"""Finds jobs by their names, whose ids nobody could note."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sluice.errors import ServiceError, ThrottledError
from sluice.rate.gcra import MICROSECONDS
from sluice.tasks.completer import STOP_SECONDS
from sluice.tasks.submission import choose, job_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice.ports import Clock, Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Stopper
    from sluice.tasks.model import JobRecord, TaskRecord
    from sluice.tasks.ports import Arrays, Batch

SETTLE_SECONDS: Final = (2, 5)
"""How long before each look-up an unclear submission may take to show up under its name. AWS promises
nothing; a job that shows up later still is found by the task's next owner."""

PATIENT_THREADS: Final = 8
"""How many threads of a process at a time wait for a job to show up, or for a permission: a few requests that
always fail hold up no others. Beyond these the task is left to its next owner at once."""

COPY_TRIES: Final = 3
"""How often a copy is stopped whose stopping failed, or that was not stopped in time, as where a machine
stood still. It is in no record, so nobody comes back to it."""


@dataclass(frozen=True)
class JobFinder:
    """Looks jobs up by their names, and stops copies that it meets. Safe to share between threads."""

    batch: Batch
    limiter: Limiter
    stopper: Stopper
    telemetry: Telemetry
    clock: Clock
    arrays: Arrays
    patience: threading.BoundedSemaphore = field(
        default_factory=partial(threading.BoundedSemaphore, PATIENT_THREADS)
    )

    def find(self, record: TaskRecord, *, until_us: int) -> dict[str, str]:
        """Looks up under their names the jobs of unknown id that Batch has; ids by job name.

        Raises:
            RejectedError: a queue is not there any more.
            ThrottledError: not all could be looked up before `until_us`.
        """
        task = record.task
        unknown = [job for job in task.jobs if record.jobs[job.name].job_id is None]
        found = {}
        for job in unknown:
            job_id = self._in_array(record, until_us) or self._look_up(
                job.request["jobQueue"], job_name(task.token, job.name), until_us
            )
            if job_id is not None:
                found[job.name] = job_id
            elif record.trouble is not None:  # nothing was submitted after the job that could not be
                break
        return found

    def _in_array(self, record: TaskRecord, until_us: int) -> str | None:
        """The id of the job that was submitted for a task together with others."""
        if record.place is None:
            return None
        return self.arrays.child_id(record.place, lambda queue, name: self._look_up(queue, name, until_us))

    def wait_for(self, request: Mapping[str, Any], until_us: int) -> str | None:
        """Looks up a job that may have been submitted; None if it has not shown up, or nobody can say."""
        with self._patience() as patient:
            if not patient:
                return None
            try:
                for seconds in SETTLE_SECONDS:
                    self.clock.sleep(seconds)
                    found = self._look_up(request["jobQueue"], request["jobName"], until_us)
                    if found is not None:
                        return found
            except ServiceError:  # the next owner looks again
                pass
        return None

    def rest(self, seconds: float) -> bool:
        """Sleeps before another try of a job; False at once if enough threads wait as it is."""
        with self._patience() as patient:
            if patient:
                self.clock.sleep(seconds)
            return patient

    @contextmanager
    def _patience(self) -> Iterator[bool]:
        """Counts a thread that waits; False if enough wait as it is."""
        patient = self.patience.acquire(blocking=False)
        try:
            yield patient
        finally:
            if patient:
                self.patience.release()

    def stop_copies(self, copies: Sequence[JobRecord]) -> None:
        """Stops jobs that a task has twice."""
        if not copies:
            return
        self.telemetry.count("JobsDoubled", len(copies))
        left: dict[str, ServiceError] = {}
        again = copies
        for _ in range(COPY_TRIES):
            until_us = self.clock.now_us() + STOP_SECONDS * MICROSECONDS
            left = self.stopper.stop(again, "a copy of this job is there already", until_us=until_us)
            again = [job for job in again if job.job_id in left]
        for error in left.values():
            if not isinstance(error, ThrottledError):
                raise error

    def _look_up(self, job_queue: str, name: str, until_us: int) -> str | None:
        """The id of the job of this name, None if there is none; copies of it are stopped."""
        found = self.limiter.call(partial(self.batch.find_jobs, job_queue, name), until_us)
        kept, copies = choose(found)
        self.stop_copies(copies)
        return kept.job_id if kept else None
