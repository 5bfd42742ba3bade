"""boto3 clients, each made when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_batch import BatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_stepfunctions import SFNClient

CONNECTIONS: Final = 210
"""More than the threads of a poller, so that none waits for another's long poll."""

LONG_POLL_SECONDS: Final = 70
"""GetActivityTask holds for 60 s and its page asks for a socket timeout of at least 65 s.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

_ONCE: Final[Any] = {"total_max_attempts": 1, "mode": "standard"}
_PATIENTLY: Final[Any] = {"total_max_attempts": 8, "mode": "standard"}


@cache
def batch() -> BatchClient:
    """Batch without retries: a 429 is the limiter's to hear, and a repeated SubmitJob is a second job."""
    return boto3.client("batch", config=_config(_ONCE, read_timeout_seconds=20))


@cache
def activity_queue() -> SFNClient:
    """Step Functions for GetActivityTask: a long socket timeout, and no retry that could lose a token."""
    return boto3.client("stepfunctions", config=_config(_ONCE, read_timeout_seconds=LONG_POLL_SECONDS))


@cache
def step_functions() -> SFNClient:
    """Step Functions for all that may be repeated."""
    return boto3.client("stepfunctions", config=_config(_PATIENTLY, read_timeout_seconds=10))


@cache
def dynamodb() -> DynamoDBClient:
    """DynamoDB; every write of Sluice's may be repeated."""
    return boto3.client("dynamodb", config=_config(_PATIENTLY, read_timeout_seconds=5))


def _config(retries: Any, *, read_timeout_seconds: int) -> Config:
    return Config(
        retries=retries,
        connect_timeout=5,
        read_timeout=read_timeout_seconds,
        max_pool_connections=CONNECTIONS,
    )
