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
    from collections.abc import Callable

    from sluice.cohorts.model import Cohort, Sample
    from sluice.cohorts.ports import CohortStore, Executions
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
    """Does to executions what is noted of their samples; whatever was interrupted can be done again.

    Step Functions refuses a name twice and a redrive of what runs, so that nothing happens twice.
    """

    store: CohortStore
    executions: Executions
    start_limiter: Limiter
    redrive_limiter: Limiter

    def start(self, cohort: Cohort, sample: Sample, asked: Asked) -> None:
        """Starts a sample's execution, or lets it go on.

        Args:
            cohort: the sample's.
            sample: as it was noted.
            asked: who wants that, and for how long.

        Raises:
            ThrottledError: the time is up.
            UnclearError: nobody knows whether it started; the call may be made again.
        """
        if not sample.redrives:
            name = str(sample.execution_name)
            start = partial(self.executions.start, cohort.workflow_arn, name, sample.input)
            self._call(self.start_limiter, start, asked)
            return
        redrive = partial(self.executions.redrive, sample.execution_arn, redrive_token(sample))
        try:
            self._call(self.redrive_limiter, redrive, asked)
        except (NotRedrivableError, DoesNotExistError):
            if not self._goes_on(sample):
                self._start_anew(cohort, sample, asked)

    def _call(self, limiter: Limiter, act: Callable[[], None], asked: Asked) -> None:
        def checked() -> None:
            asked.check()
            act()

        limiter.call(checked, asked.until_us)

    def _goes_on(self, sample: Sample) -> bool:
        """True if an execution that refused its redrive went on all the same, and perhaps has ended since."""
        try:
            end = self.executions.ended(sample.execution_arn)
        except DoesNotExistError:
            return False
        return end is None or bool(self.store.note_ends([end]))

    def _start_anew(self, cohort: Cohort, sample: Sample, asked: Asked) -> None:
        """Moves a sample whose execution cannot go on to a new one."""
        block = Block(cohort, [Start(sample.name, sample.input, before=sample)], asked.as_of)
        for noted in self.store.begin(block, sample.started_at):
            if not noted.redrives:
                self.start(cohort, noted, asked)
