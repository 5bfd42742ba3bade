"""Heals cohorts: samples of whose end no event told, that never started, or that outlived their cohort."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.cohorts.attempts import Asked
from sluice.cohorts.model import CANCELLED_ERROR, NOT_STARTED, SampleEnd, SampleStatus
from sluice.cohorts.redrives import is_end_before
from sluice.deadline import until_us
from sluice.errors import DoesNotExistError, RejectedError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.cohorts.attempts import Attempts
    from sluice.cohorts.model import Cohort, RunningSample, Sample
    from sluice.cohorts.ports import CohortStore, Executions
    from sluice.ports import Clock, Telemetry, Workers
    from sluice.rate.limiter import Limiter

RUN_SECONDS: Final = 270
"""How long a run begins new looks: the schedule starts the next one after five minutes (template.yaml)."""

SPARE_SECONDS: Final = 30
"""What is left of the function's time when the last look begins."""

GIVE_UP_SECONDS: Final = 900 + 60
"""How long after a cancel, or after its cohort went on, a sample that was noted before the cancel may still
be started: by a function that noted it or found it noted. That runs 900 s at most; a minute is for clocks.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""


@dataclass(frozen=True)
class CohortReconciler:
    """Looks at every running sample once in `look_seconds` and puts right what is not.

    As with tasks, a look moves a sample to the end of the line, so that a run needs no memory of the one
    before and two at once share the line.
    """

    store: CohortStore
    executions: Executions
    describe_limiter: Limiter
    attempts: Attempts
    workers: Workers
    look_seconds: int
    telemetry: Telemetry
    clock: Clock

    def reconcile(self, until_us: int) -> None:
        """Looks at the samples that are due, longest not looked at first, until the time is up.

        A sample that cannot be healed now is told of and left to its next look.
        """
        self.workers.each(self._due(until_us), partial(self._visit, until_us))

    def _due(self, until_us: int) -> Iterator[RunningSample]:
        for sample in self.store.running_samples(self.clock.now_ms() - self.look_seconds * 1000):
            if self.clock.now_us() >= until_us:
                return
            yield sample

    def _visit(self, until_us: int, due: RunningSample) -> None:
        try:
            sample = self.store.claim(due, self.clock.now_ms())
            if sample is not None:
                self._look_at(sample, until_us)
        except ServiceError as error:
            self.telemetry.sample_left(due.cohort, due.name, error)

    def _look_at(self, sample: Sample, until_us: int) -> None:
        ask = partial(self.executions.ended, sample.execution_arn)
        try:
            end = self.describe_limiter.call(ask, until_us)
        except DoesNotExistError:
            self._start(sample, until_us)
            return
        if end is not None and is_end_before(sample, end):
            self._start(sample, until_us, end)
        elif end is not None:
            self.telemetry.count("SampleEndsMissed", self.store.note_ends([end]))
        elif self._is_cancelled(sample):
            self.executions.stop(sample.execution_arn, CANCELLED_ERROR)
            self.telemetry.count("SamplesStopped")

    def _start(self, sample: Sample, until_us: int, before: SampleEnd | None = None) -> None:
        """Starts a sample that was only noted, unless it is not wanted any more.

        `before` is the end after which its execution was to go on.
        """
        cohort = self.store.cohort(sample.cohort)
        if cohort is None:
            return
        if cohort.refuses(sample.started_at):
            self._give_up_in_time(sample, cohort, before)
            return
        try:
            self._attempt(cohort, sample, Asked(cohort.wanted_at, until_us))
        except RejectedError as error:
            self.telemetry.sample_left(sample.cohort, sample.name, error)
            self._give_up(sample, before, SampleStatus.FAILED, NOT_STARTED)
        else:
            self.telemetry.count("SamplesResumed")

    def _attempt(self, cohort: Cohort, sample: Sample, asked: Asked) -> None:
        if not self.attempts.start(cohort, sample, asked):
            for noted in self.attempts.note_anew(cohort, [sample], asked):
                self.attempts.start(cohort, noted, asked)

    def _give_up_in_time(self, sample: Sample, cohort: Cohort, before: SampleEnd | None) -> None:
        """Gives a sample up that was never started, once nobody can start it any more.

        Until then it counts as running, so that its execution is found if somebody starts it all the same.
        """
        asked_at = max(cohort.cancelled_at or 0, cohort.reopened_at or 0)
        if self.clock.now_ms() - asked_at >= GIVE_UP_SECONDS * 1000:
            self._give_up(sample, before, SampleStatus.ABORTED, CANCELLED_ERROR)

    def _give_up(self, sample: Sample, before: SampleEnd | None, status: SampleStatus, error: str) -> None:
        """Ends a sample as told, or as its execution ended that was to go on."""
        named = SampleEnd(sample.execution_name, sample.execution_arn, status, 0, error)
        self.store.note_ends([replace(before or named, stopped_at=self.clock.now_ms())])

    def _is_cancelled(self, sample: Sample) -> bool:
        cohort = self.store.cohort(sample.cohort)
        return cohort is not None and cohort.is_cancelled


def begin_until_us(now_us: int, *, remaining_seconds: float) -> int:
    """When a run must end whose function has so much time left."""
    return until_us(
        now_us,
        remaining_seconds=remaining_seconds,
        spare_seconds=SPARE_SECONDS,
        most_seconds=RUN_SECONDS,
    )
