"""Cancels a cohort: no more samples start, and those that run are stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import CANCELLED_ERROR, SampleStatus
from sluice_cli.aws.cohorts import cohorts_of, no_cohort
from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sluice.cohorts.model import Cohort
    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.aws.stack import Stack

STOPS_PER_SECOND: Final = 20.0
"""StopExecution refills by 25 calls a second in the smaller Regions.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
CANCEL_SECONDS: Final = 1.0
"""A cancel counts to the end of its second: who launches or retries after this command is not refused."""

LOOK_SECONDS: Final = 2.0
PATIENCE_LOOKS: Final = 30
"""Looks without a sample that could be stopped, after which the rest is left to the reconciler."""

ENDED: Final = frozenset({"ValidationException", "ExecutionDoesNotExist"})
"""What StopExecution says of an execution that has ended meanwhile, or that is noted and not yet started; the
reconciler sees to the latter.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
"""


@dataclass(frozen=True)
class Cancelling:
    """How far a cancel is.

    Attributes:
        running: samples that run, as far as their ends are counted.
        refused: samples of them whose stop AWS refused so far, or never answered.
        error: what was said of the last of these; None if there are none.
    """

    running: int
    refused: int = 0
    error: str | None = None

    def document(self) -> dict[str, Any]:
        """What is left as JSON has it."""
        return {"running": self.running, "refused": self.refused, "error": self.error}


def cancel_cohort(api: Api, session: Session, stack: Stack, name: str) -> Iterator[Cancelling]:
    """Cancels a cohort and yields, look by look, how many of its samples still run.

    A stop that fails is tried again at the next look. It ends when no sample runs, or when nothing more can
    be stopped: their ends are counted a little later.

    Raises:
        WrongUsageError: there is no such cohort, or somebody launched or retried it meanwhile.
        AwsError: AWS refused to let this caller look, or stop anything.
    """
    cohorts = cohorts_of(api, stack)
    if cohorts.cancel(name) is None:
        raise no_cohort(stack, name)
    session.sleep(CANCEL_SECONDS)
    stops = _Stops(api, session)
    looks = 0
    while looks < PATIENCE_LOOKS:
        _check_unwanted(cohorts.cohort(name))
        samples = cohorts.samples(name)
        running = [each.execution_arn for each in samples if each.status is SampleStatus.RUNNING]
        yield stops.among(running)
        if not running:
            return
        looks = 0 if stops.stop(running) else looks + 1
        session.sleep(LOOK_SECONDS)
    yield stops.among(running)


def _check_unwanted(cohort: Cohort | None) -> None:
    if cohort is not None and not cohort.is_cancelled:
        raise WrongUsageError(
            f"Cohort {cohort.name} was launched or retried meanwhile, so no more of its samples are stopped. "
            f"To stop it anyway, run this again: sluice cancel {cohort.name}"
        )


class _Stops:
    """Stops executions, each until that is done, at a pace that leaves room for others."""

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self._session = session
        self._done: set[str] = set()
        self._refused: dict[str, str] = {}

    def among(self, running: Collection[str]) -> Cancelling:
        """How it stands with the executions that run."""
        wanted = set(running)
        refused = [said for arn, said in self._refused.items() if arn in wanted]
        return Cancelling(len(running), len(refused), refused[-1] if refused else None)

    def stop(self, running: Collection[str]) -> bool:
        """Stops those that were not stopped yet; True if one was.

        Raises:
            AwsError: this caller may stop none.
        """
        before = len(self._done)
        for arn in running:
            if arn not in self._done:
                began_ms = self._session.now_ms()
                self._stop(arn)
                took_seconds = (self._session.now_ms() - began_ms) / 1000
                self._session.sleep(max(0.0, 1 / STOPS_PER_SECOND - took_seconds))
        return len(self._done) > before

    def _stop(self, arn: str) -> None:
        try:
            self._api.call("stepfunctions", "stop_execution", executionArn=arn, error=CANCELLED_ERROR)
        except AwsError as error:
            if error.is_denied:
                raise
            if error.code not in ENDED:
                self._refused[arn] = str(error)
                return
        self._refused.pop(arn, None)
        self._done.add(arn)
