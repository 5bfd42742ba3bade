"""Hands state changes on in order, on a thread of their own, so that a slow bus delays no job."""

import logging
import queue
import threading
from collections.abc import Callable

from sluice_local.batch.model import Job

_logger = logging.getLogger(__name__)


class Deliveries:
    """Calls each receiver with one job after the other; what it cannot deliver is logged and left out."""

    def __init__(self, receive: Callable[[Job], None]) -> None:
        self._receivers = [receive]
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._deliver_all, name="batch-events", daemon=True).start()

    def publish(self, job: Job) -> None:
        """Take a job whose state has changed; returns at once."""
        self._jobs.put(job)

    def subscribe(self, receive: Callable[[Job], None]) -> None:
        """Have `receive` called too from now on, after those that came before it."""
        self._receivers.append(receive)

    def _deliver_all(self) -> None:
        while True:
            job = self._jobs.get()
            for receive in tuple(self._receivers):
                try:
                    receive(job)
                except Exception:  # the top of a thread: the next event must still go out
                    _logger.exception("The %s event of job %s was lost", job.status, job.spec.job_id)
