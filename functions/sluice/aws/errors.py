"""Translates botocore's errors into what they mean to Sluice."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from sluice.errors import (
    AlreadyExistsError,
    DeniedError,
    DoesNotExistError,
    NotRedrivableError,
    RejectedError,
    ServiceError,
    TaskGoneError,
    ThrottledError,
    UnauthenticatedError,
    UnclearError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

THROTTLES: Final = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
        "ActivityWorkerLimitExceeded",
        "ExecutionLimitExceeded",
        "TransactionConflictException",
    }
)

DENIALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ResourceNotFoundException",
    }
)

UNAUTHENTICATED: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignature",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""https://docs.aws.amazon.com/batch/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
"""

MEANINGS: Final[dict[str, type[ServiceError]]] = {
    "TaskTimedOut": TaskGoneError,
    "TaskDoesNotExist": TaskGoneError,
    "InvalidToken": TaskGoneError,
    "ExecutionAlreadyExists": AlreadyExistsError,
    "ExecutionDoesNotExist": DoesNotExistError,
    "ExecutionNotRedrivable": NotRedrivableError,
    # botocore's repetition met the first try, which may yet hold
    "TransactionInProgressException": UnclearError,
}
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""


_TRIES: Final = re.compile(r" \(reached max retries: [0-9]+\)")
"""What botocore says of its own tries, which tells nobody why a call was refused."""


@contextmanager
def translated(*secrets: str) -> Iterator[None]:
    """Raises a ServiceError in place of botocore's; the secrets are blotted out of its message.

    botocore's error is not kept as the cause: its text may hold a task token, and tracebacks are logged.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error, secrets) from None
    except ParamValidationError as error:
        raise RejectedError(_blotted(str(error), secrets)) from None
    except BotoCoreError as error:
        raise UnclearError(type(error).__name__) from None


def answered(operation: str, code: str, message: str) -> ServiceError:
    """What an answer to a call for many says of one of them.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobsErrorDetail.html
    """
    status = 500 if code == "ServerException" else 400
    return _known(operation, code, f"{operation}: {code}: {message}", status)


def _meaning(error: ClientError, secrets: Iterable[str]) -> ServiceError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _known(error.operation_name, code, _blotted(_TRIES.sub("", str(error)), secrets), status)


def _known(operation: str, code: str, text: str, status: int) -> ServiceError:
    if code in MEANINGS:
        return MEANINGS[code](f"{operation}: {code}", code)
    if code in THROTTLES or status == 429:
        return ThrottledError(text, code)
    if code in UNAUTHENTICATED:
        return UnauthenticatedError(text, code)
    if code in DENIALS:
        return DeniedError(text, code)
    if status >= 500 or not status:
        return UnclearError(text, code)
    return RejectedError(text, code)


def _blotted(text: str, secrets: Iterable[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "<taskToken>")
    return text
