"""Asks Batch about jobs of whose end no event has told, 100 a call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sluice.errors import ServiceError
from sluice.tasks import completion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice.ports import Telemetry
    from sluice.rate.limiter import Limiter
    from sluice.tasks.completer import Completer
    from sluice.tasks.model import TaskRecord
    from sluice.tasks.ports import Batch
    from sluice.tasks.reconciliation import OverdueJob

JOBS_PER_CALL: Final = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""


@dataclass(frozen=True)
class OverdueJobs:
    """Notes what Batch says of jobs that have ended, or that it has forgotten."""

    batch: Batch
    limiter: Limiter
    completer: Completer
    telemetry: Telemetry

    def describe(self, asked: Sequence[OverdueJob], *, until_us: int) -> None:
        """Describes up to JOBS_PER_CALL jobs.

        Jobs of which Batch tells nothing are reported; a later run of the reconciler asks again.

        Args:
            asked: the jobs.
            until_us: no call is made after this time.
        """
        describe = partial(self.batch.describe_jobs, [each.job_id for each in asked])
        try:
            details = self.limiter.call(describe, until_us)
        except ServiceError as error:
            self.telemetry.jobs_not_described(len(asked), error)
        else:
            self._hear(asked, {detail["jobId"]: detail for detail in details})

    def _hear(self, asked: Sequence[OverdueJob], details: Mapping[str, Mapping[str, Any]]) -> None:
        ended: list[TaskRecord] = []
        for question in asked:
            try:
                ended += self._hear_of(question, details.get(question.job_id))
            except ServiceError as error:
                self.telemetry.task_left(question.key, error)
        self.completer.settle_soon(ended)

    def _hear_of(self, question: OverdueJob, detail: Mapping[str, Any] | None) -> Iterator[TaskRecord]:
        """Notes what Batch says of a job; yields the task that this ended."""
        if detail is None and question.forgettable:
            if not question.missing:  # a single answer may be wrong: a later run asks again
                now_ms = self.completer.clock.now_ms()
                self.completer.store.note_missing(question.key, question.job_name, now_ms)
                return
            detail = completion.vanished(question.job_id)
        job = completion.job_record(question.job_name, detail) if detail is not None else None
        if job is not None and job.ended:
            self.telemetry.count("EventsMissed")
            ended = self.completer.note(question.key, job)
            if ended is not None:
                yield ended
