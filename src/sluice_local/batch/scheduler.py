"""The threads that carry jobs along: one that places them, and one for each program that runs."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from sluice_local.batch.backend import Backend
from sluice_local.batch.model import Exit, Job

_logger = logging.getLogger(__name__)


class RunsJobs(Protocol):
    """Runs one attempt of a placed job and tells how it ended."""

    def run(self, job: Job, on_started: Callable[[], None]) -> Exit:
        """Block until the attempt has ended; call `on_started` once its program runs."""


class Scheduler:
    """Places the jobs of a backend until it is closed; a job that waits costs no thread."""

    def __init__(self, backend: Backend, runner: RunsJobs) -> None:
        self._backend = backend
        self._runner = runner
        threading.Thread(target=self._place_jobs, name="batch-scheduler", daemon=True).start()

    def _place_jobs(self) -> None:
        while (job := self._backend.next_placed()) is not None:
            threading.Thread(target=self._run, args=(job,), name="batch-job", daemon=True).start()

    def _run(self, job: Job) -> None:
        job_id = job.spec.job_id
        try:
            exit_ = self._runner.run(job, lambda: self._backend.started(job_id))
        except Exception as error:  # the top of a thread: whatever happens, the slot must come free
            _logger.exception("Job %s could not be run", job_id)
            exit_ = Exit(
                None, reason=f"CannotStartContainerError: {error}", status_reason="Task failed to start"
            )
        self._backend.exited(job_id, exit_)
