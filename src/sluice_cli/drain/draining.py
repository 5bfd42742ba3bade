"""Brings a stack to its end: nothing more is launched, and what runs ends or is stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.cohorts.cancelling import STOPS_PER_SECOND
from sluice_cli.drain.work import Work, look, machines_of
from sluice_cli.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sluice.cohorts.model import Cohort
    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.aws.stack import Stack

DRAINED_ERROR: Final = "Stack.Drained"
"""The error of executions that a drain stops."""

LOOK_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Drainer:
    """Drains one stack. It may be interrupted and begun again at any time.

    Attributes:
        machines: ARNs of the state machines that use the stack's Activity.
    """

    api: Api
    session: Session
    stack: Stack
    machines: tuple[str, ...]
    _stopped: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, api: Api, session: Session, stack: Stack) -> Drainer:
        """Finds out who uses the stack.

        Raises:
            AwsError: AWS refused a call.
        """
        return cls(api, session, stack, machines_of(api, stack))

    @property
    def is_being_deleted(self) -> bool:
        """True if the stack's functions may be gone, so that nobody ends its tasks and pollers."""
        return self.stack.status.startswith("DELETE_")

    @property
    def pollers_stay(self) -> bool:
        """True if pollers do not end by themselves."""
        return self.stack.parameters.get("AlwaysOn") == "true"

    def look(self) -> Work:
        """Looks at what is left."""
        return look(self.api, self.stack, self.machines, self.session.now_ms())

    def is_done(self, work: Work) -> bool:
        """True if nothing that is left keeps the stack from being deleted."""
        if self.is_being_deleted:
            return not (work.launches or work.running)
        return work.is_over and (self.pollers_stay or not work.pollers)

    def drain(self, *, stop: bool, looks: int | None) -> Iterator[Work]:
        """Ends launches, stops executions if it is to, and yields what is left, look by look.

        Args:
            stop: stop the executions, whose jobs Sluice then ends; otherwise wait for them.
            looks: how often to look before it gives up; None for ever.
        """
        if stop and not self.is_being_deleted:
            list(self._cancel_cohorts())
        while True:
            work = self.look()
            self._end_launches(work.launches, stop=stop)
            if stop:
                self._stop(work.running)
            yield work
            looks = None if looks is None else looks - 1
            if self.is_done(work) or looks == 0:
                return
            self.session.sleep(LOOK_SECONDS)

    def _end_launches(self, launches: Iterable[str], *, stop: bool) -> None:
        """Ends launches: their executions, and the functions that would go on for minutes by themselves."""
        new = [each for each in launches if each not in self._stopped]
        self._stop(new)
        if not new or self.is_being_deleted:
            return
        for cohort in self._cancel_cohorts():
            if not stop:
                # whoever asked for samples before is refused now; those that run are no longer to be stopped
                cohorts_of(self.api, self.stack).reopen(cohort, (cohort.cancelled_at or 0) + 1)

    def _cancel_cohorts(self) -> Iterator[Cohort]:
        """Lets no sample start that a function is about to start, or that was noted and not started."""
        cohorts = cohorts_of(self.api, self.stack)
        for cohort in list(cohorts.all_cohorts()):
            if not cohort.over and not cohort.is_cancelled:
                cancelled = cohorts.cancel(cohort.name)
                if cancelled is not None:
                    yield cancelled

    def _stop(self, executions: Iterable[str]) -> None:
        for arn in [each for each in executions if each not in self._stopped]:
            try:
                self.api.call("stepfunctions", "stop_execution", executionArn=arn, error=DRAINED_ERROR)
            except AwsError as error:
                if error.code != "ExecutionDoesNotExist":
                    raise
            self._stopped.add(arn)
            self.session.sleep(1 / STOPS_PER_SECOND)
