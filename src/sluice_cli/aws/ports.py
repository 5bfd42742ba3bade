"""What the commands need of the session: AWS's API, the time and patience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sluice.cohorts.ports import CohortStore
    from sluice.rate.ports import RateStore
    from sluice.tasks.ports import TaskStore


class Api(Protocol):
    """AWS's API in one Region, or Local AWS's. Operations are named as in boto3: `describe_stacks`."""

    @property
    def region(self) -> str:
        """The Region that is asked."""

    @property
    def endpoint_url(self) -> str | None:
        """Where calls go instead of to AWS, as `AWS_ENDPOINT_URL` says; None for AWS itself."""

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Calls an operation and returns its answer.

        Raises:
            AwsError: the call was refused, or AWS could not be reached.
        """

    def pages(self, service: str, operation: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Calls an operation for page after page, as they are needed.

        Raises:
            AwsError: as `call`.
        """

    def tasks(self, table: str) -> TaskStore:
        """A stack's task table; what it is asked raises AwsError as `call` does."""

    def cohorts(self, table: str) -> CohortStore:
        """A stack's cohort table; what it is asked raises AwsError as `call` does."""

    def rates(self, table: str) -> RateStore:
        """A stack's rate table; what it is asked raises AwsError as `call` does."""


@dataclass(frozen=True)
class Target:
    """Which stack is meant, and how to get there; None leaves it to the AWS configuration."""

    stack_name: str
    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Session:
    """All that commands know of the world.

    Attributes:
        connect: gives the API of an account and Region.
        now_ms: the time, in ms since the epoch.
        sleep: waits for some seconds.
        execute: becomes another program.
    """

    connect: Callable[[Target], Api]
    now_ms: Callable[[], int]
    sleep: Callable[[float], None]
    execute: Callable[[Sequence[str]], NoReturn]
