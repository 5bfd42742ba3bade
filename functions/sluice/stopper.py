"""Ends jobs that nobody waits for any more, at the shared rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sluice.limiter import Limiter
    from sluice.model import JobRecord
    from sluice.ports import Batch, Figures


@dataclass(frozen=True)
class Stopper:
    """Terminates jobs; repeating it is harmless."""

    batch: Batch
    limiter: Limiter
    figures: Figures

    def stop(self, jobs: Iterable[JobRecord], reason: str) -> None:
        """Terminates each job that Batch knows and that has not ended."""
        for job in jobs:
            if job.job_id is not None and not job.ended:
                self._terminate(job.job_id, f"Sluice: {reason}")

    def _terminate(self, job_id: str, reason: str) -> None:
        self.limiter.call(partial(self.batch.terminate_job, job_id, reason))
        self.figures.count("JobsTerminated")
