"""AWS's API through botocore, and its errors in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as UnreachableError
from botocore.session import Session

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.errors import ServiceError, UnclearError
from sluice_cli.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.cohorts.ports import CohortStore
    from sluice.rate.ports import RateStore
    from sluice.tasks.ports import TaskStore
    from sluice_cli.aws.ports import Target

_ATTEMPTS: Final = 5
"""Of a call, if the AWS configuration (AWS_MAX_ATTEMPTS) says nothing. A report on many arrays asks Batch
more often than it answers, and botocore's three attempts are over within two seconds."""

_UNREACHABLE: Final = "Is the network up, the --region right, and AWS_ENDPOINT_URL, if set, being served?"
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_CALLER: Final = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "AuthFailure"}
)


class BotocoreApi:
    """AWS's API as a profile, a Region and the environment say; implements ports.Api."""

    def __init__(self, where: Target) -> None:
        """Reads the configuration; nothing is called yet.

        Raises:
            AwsError: there is no such profile, or no Region is known.
        """
        self._session = Session(profile=where.profile)
        with _in_words():
            region = where.region or self._session.get_config_variable("region")
            if not region:
                raise NoRegionError
        self._region = str(region)
        self._client = cache(self._new_client)

    @property
    def region(self) -> str:
        """The Region that is asked."""
        return self._region

    @property
    def endpoint_url(self) -> str | None:
        """Where calls go instead of to AWS; None for AWS itself."""
        with _in_words():
            url: str = self._client("sts").meta.endpoint_url
        return None if "amazonaws.com" in url or "api.aws" in url else url

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Calls an operation and returns its answer."""
        with _in_words():
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
        return answer

    def pages(self, service: str, operation: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Calls an operation for page after page."""
        with _in_words():
            yield from self._client(service).get_paginator(operation).paginate(**arguments)

    def tasks(self, table: str) -> TaskStore:
        """A stack's task table."""
        # no command closes a task, so that it does not matter how long it would be kept
        return cast("TaskStore", _InWords(DynamoTaskStore(self._client("dynamodb"), table, keep_days=1)))

    def cohorts(self, table: str) -> CohortStore:
        """A stack's cohort table."""
        return cast("CohortStore", _InWords(DynamoCohortStore(self._client("dynamodb"), table)))

    def rates(self, table: str) -> RateStore:
        """A stack's rate table."""
        return cast("RateStore", _InWords(DynamoRateStore(self._client("dynamodb"), table)))

    def _new_client(self, service: str) -> Any:
        attempts = self._session.get_config_variable("max_attempts") or _ATTEMPTS
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        config = Config(retries=retries, connect_timeout=5, read_timeout=30)
        return self._session.create_client(service, region_name=self._region, config=config)


class _InWords:
    """A store of Sluice's whose errors are said in words, also those of what it yields bit by bit."""

    def __init__(self, store: object) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            with _in_words():
                answer = method(*arguments, **named)
            return _each(answer) if isinstance(answer, Iterator) else answer

        return call


def _each(items: Iterator[Any]) -> Iterator[Any]:
    with _in_words():
        yield from items


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except BotoCoreError as error:
        raise AwsError(_unanswered(error)) from error
    except ServiceError as error:
        raise _not_served(error) from error


def _refused(error: ClientError) -> AwsError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    text = str(error.response.get("Error", {}).get("Message", "")).strip() or "it gave no reason"
    way_out = _way_out(code) or f"AWS refused {error.operation_name}."
    return AwsError(f"{way_out} It said {code}: {text}", code)


def _not_served(error: ServiceError) -> AwsError:
    """What a store of Sluice's says holds the operation's name and AWS's words, if AWS answered."""
    if isinstance(error, UnclearError) and not error.code:
        return AwsError(f"AWS gave no answer ({error}). {_UNREACHABLE}")
    return AwsError(f"{_way_out(error.code) or 'AWS refused a call.'} {error}", error.code)


def _way_out(code: str) -> str | None:
    if code in _EXPIRED:
        return "Your credentials have expired: sign in again, for instance with `aws sso login`."
    if code in _UNKNOWN_CALLER:
        return "AWS does not know your credentials: check --profile and the AWS_ variables."
    return None


def _unanswered(error: BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return (
            "There are no AWS credentials: sign in (`aws configure`, `aws sso login`), name a --profile, "
            "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if isinstance(error, NoRegionError):
        return "No AWS Region is known: give --region, or set AWS_DEFAULT_REGION."
    if isinstance(error, ProfileNotFound):
        return f"{error}: `aws configure list-profiles` shows those that there are."
    if isinstance(error, UnreachableError):
        return f"{error} {_UNREACHABLE}"
    return f"The AWS configuration does not work: {error}"
