"""Cancels a cohort: no more samples start, and those that run are stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import CANCELLED_ERROR, SampleStatus
from sluice_cli.aws.cohorts import cohorts_of, no_cohort
from sluice_cli.errors import AwsError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def cancel_cohort(api: Api, session: Session, stack: Stack, name: str) -> Iterator[int]:
    """Cancels a cohort and yields, look by look, how many of its samples still run.

    It ends when none does, or when nothing more can be stopped: their ends are counted a little later.

    Raises:
        WrongUsageError: there is no such cohort, or somebody launched or retried it meanwhile.
        AwsError: AWS refused a call.
    """
    cohorts = cohorts_of(api, stack)
    if cohorts.cancel(name) is None:
        raise no_cohort(stack, name)
    session.sleep(CANCEL_SECONDS)
    stopped: set[str] = set()
    looks = 0
    while looks < PATIENCE_LOOKS:
        _check_unwanted(cohorts.cohort(name))
        running = [each for each in cohorts.samples(name) if each.status is SampleStatus.RUNNING]
        yield len(running)
        if not running:
            return
        to_stop = [each.execution_arn for each in running if each.execution_arn not in stopped]
        for arn in to_stop:
            _stop(api, arn)
            session.sleep(1 / STOPS_PER_SECOND)
        stopped.update(to_stop)
        looks = 0 if to_stop else looks + 1
        session.sleep(LOOK_SECONDS)


def _check_unwanted(cohort: Cohort | None) -> None:
    if cohort is not None and not cohort.is_cancelled:
        raise WrongUsageError(
            f"Cohort {cohort.name} was launched or retried meanwhile, so that nothing more of it is stopped. "
            f"To stop it all the same, run it again: sluice cancel {cohort.name}"
        )


def _stop(api: Api, arn: str) -> None:
    """Stops an execution. One that is noted and not yet started is left to the reconciler."""
    try:
        api.call("stepfunctions", "stop_execution", executionArn=arn, error=CANCELLED_ERROR)
    except AwsError as error:
        if error.code != "ExecutionDoesNotExist":
            raise
