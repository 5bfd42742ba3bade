"""Hands state changes on in order, on a thread of their own, so that a slow bus delays no job."""

import logging
import queue
import threading
from collections.abc import Callable

from sluice_local.batch.model import Job

_logger = logging.getLogger(__name__)


class Deliveries:
    """Calls `deliver` with one job after the other; what it cannot deliver is logged and left out."""

    def __init__(self, deliver: Callable[[Job], None]) -> None:
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._deliver_all, name="batch-events", daemon=True).start()

    def publish(self, job: Job) -> None:
        """Take a job whose state has changed; returns at once."""
        self._jobs.put(job)

    def _deliver_all(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                self._deliver(job)
            except Exception:  # the top of a thread: the next event must still go out
                _logger.exception("The %s event of job %s was lost", job.status, job.spec.job_id)
