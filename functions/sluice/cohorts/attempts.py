"""Starts the attempts of samples that were noted: new executions, and those that go on where they failed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sluice.cohorts.blocks import Block
from sluice.cohorts.model import Start
from sluice.cohorts.redrives import redrive_token
from sluice.errors import DoesNotExistError, NotRedrivableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sluice.cohorts.model import Cohort, Sample
    from sluice.cohorts.ports import CohortStore, Executions
    from sluice.ports import Clock
    from sluice.rate.limiter import Limiter


def _no_check() -> None:
    """Lets everything start."""


@dataclass(frozen=True)
class Asked:
    """On whose behalf attempts start.

    Attributes:
        as_of: when somebody asked for it, ms since the epoch.
        until_us: when there is no more time, us since the epoch.
        check: is called before each call; raises if nothing is to start any more.
    """

    as_of: int
    until_us: int
    check: Callable[[], None] = _no_check


@dataclass(frozen=True)
class Attempts:
    """Starts and redrives executions as their samples say; whatever was interrupted can be done again.

    Step Functions refuses a name twice and a redrive of what runs, so that nothing happens twice.
    """

    store: CohortStore
    executions: Executions
    start_limiter: Limiter
    redrive_limiter: Limiter
    describe_limiter: Limiter
    clock: Clock

    def start(self, cohort: Cohort, sample: Sample, asked: Asked) -> bool:
        """Starts a sample's execution, or lets it go on.

        Args:
            cohort: the sample's.
            sample: as it was noted.
            asked: who wants that, and for how long.

        Returns:
            False if its execution cannot go on: it is to be noted anew.

        Raises:
            NoSlotError: the time is up.
            UnclearError: nobody knows whether it started; the call may be made again.
        """
        if not sample.redrives:
            name = str(sample.execution_name)
            start = partial(self.executions.start, cohort.workflow_arn, name, sample.input)
            self._call(self.start_limiter, start, asked)
            return True
        redrive = partial(self.executions.redrive, sample.execution_arn, redrive_token(sample))
        try:
            self._call(self.redrive_limiter, redrive, asked)
        except (NotRedrivableError, DoesNotExistError):
            return self._goes_on(sample, asked)
        return True

    def note_anew(self, cohort: Cohort, samples: Sequence[Sample], asked: Asked) -> list[Sample]:
        """Moves samples that were noted together, and whose executions cannot go on, to new executions.

        Returns:
            Those that are to be started.
        """
        starts = [Start(sample.name, sample.input, before=sample) for sample in samples]
        block = Block(cohort, starts, asked.as_of, noted_before=samples[0].started_at)
        return [noted for noted in self.store.begin(block, self.clock.now_ms()) if not noted.redrives]

    def _call(self, limiter: Limiter, act: Callable[[], None], asked: Asked) -> None:
        def checked() -> None:
            asked.check()
            act()

        limiter.call(checked, asked.until_us)

    def _goes_on(self, sample: Sample, asked: Asked) -> bool:
        """True if an execution that refused its redrive went on all the same, and perhaps has ended since."""
        ask = partial(self.executions.ended, sample.execution_arn)
        try:
            end = self.describe_limiter.call(ask, asked.until_us)
        except DoesNotExistError:
            return False
        return end is None or bool(self.store.note_ends([end]))
