"""A person at a terminal, who cancels a cohort by the command line's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import ClientError

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.errors import ServiceError
from sluice_cli.aws.ports import Session as Terminal
from sluice_cli.aws.stack import Stack as KnownStack
from sluice_cli.cohorts.cancelling import cancel_cohort
from sluice_cli.errors import AwsError, CliError
from tests.simulation.kernel.world import Process
from tests.simulation.seams import ProcessClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulation.stack import Stack


class Api:
    """AWS as the command line sees it; implements the part of sluice_cli's Api that a cancel needs."""

    def __init__(self, stack: Stack, process: Process) -> None:
        self._stack, self._process = stack, process

    def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        try:
            return getattr(self._stack.client(service, self._process), operation)(**arguments)
        except ClientError as error:
            raise AwsError(str(error), error.response["Error"]["Code"]) from None

    def cohorts(self, table: str) -> DynamoCohortStore:
        client = self._stack.client("dynamodb", self._process)
        return DynamoCohortStore(client, table, ProcessClock(self._process).sleep)


def no_program(command: Sequence[str]) -> NoReturn:
    """Nobody here runs one."""
    raise AssertionError(command)


def cancel(stack: Stack, cohort: str, began: Callable[[], None]) -> None:
    """Starts `sluice cancel`; `began` is called when it is known to the cohort's table."""
    process = Process(stack.world, "a person")
    clock = ProcessClock(process)
    api: Any = Api(stack, process)
    terminal = Terminal(lambda _: api, clock.now_ms, clock.sleep, no_program)
    outputs = {"CohortTableName": stack.environment["COHORT_TABLE"]}
    known = KnownStack("sluice", "CREATE_COMPLETE", outputs, {})

    def act() -> None:
        looks = cancel_cohort(api, terminal, known, cohort)
        next(looks, None)
        began()
        for _ in looks:
            pass

    def over(_: Any, error: BaseException | None) -> None:
        if isinstance(error, CliError | ServiceError):  # what the command would print
            stack.world.say(f"the cancel ends: {error}")
        elif error is not None:
            raise error

    stack.world.say(f"a person cancels cohort {cohort}")
    stack.world.spawn(process, act, over)
