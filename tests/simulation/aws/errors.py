"""Errors as botocore raises them.

An error of the model is a subclass of ClientError under `client.exceptions`, any other a plain ClientError:
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/error-handling.html
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.errorfactory import BaseClientExceptions, ClientExceptionsFactory
from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError
    from botocore.model import ServiceModel

_FACTORY = ClientExceptionsFactory()


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service that came with botocore."""
    return Session().get_service_model(service)


@cache
def exceptions(service: str) -> BaseClientExceptions:
    """The errors that a client of this service knows by name."""
    made: BaseClientExceptions = _FACTORY.create_client_exceptions(service_model(service))
    return made


class Refusal(Exception):  # noqa: N818 - it is what a service says, and becomes botocore's error
    """What a service answers instead of a result."""

    def __init__(
        self, code: str, message: str = "", status: int = 400, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code, self.message, self.status, self.fields = code, message, status, fields or {}


def client_error(service: str, operation: str, refusal: Refusal) -> ClientError:
    """Makes botocore's error of a refusal."""
    response: Any = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": refusal.status, "RetryAttempts": 0},
        **refusal.fields,
    }
    kind: Any = exceptions(service).from_code(refusal.code)
    made: ClientError = kind(response, operation)
    return made
