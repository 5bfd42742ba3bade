"""botocore clients, each made when it is first needed.

They are what `boto3.client` returns. Without boto3 itself a cold start is spared S3's transfer manager and
the resource factory, which nothing here uses.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from types_boto3_batch import BatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

CONNECTIONS: Final = 700
"""More than the threads of a poller can be, so that none waits for another's long poll."""

LONG_POLL_SECONDS: Final = 70
"""GetActivityTask holds for 60 s and its page asks for a socket timeout of at least 65 s.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

USER_AGENT: Final = "Sluice"
"""Names the caller in CloudTrail."""

APPLICATION_ID: Final = "AWS_SDK_UA_APP_ID"
"""https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html"""

_ONCE: Final[Any] = {"total_max_attempts": 1, "mode": "standard"}
_PATIENTLY: Final[Any] = {"total_max_attempts": 8, "mode": "standard"}
_SOON: Final[Any] = {"total_max_attempts": 8, "mode": "legacy"}
"""botocore's legacy mode alone knows DynamoDB's own pace: 0.05 s before the second try, then twice as long
each time. The standard mode waits up to 1, 2, 4, 8 s, and a heartbeat that waits behind it comes too late.

https://github.com/boto/botocore/blob/1.43.0/botocore/data/_retry.json
"""


@cache
def batch() -> BatchClient:
    """Batch without retries: a 429 is the limiter's to hear, and a repeated SubmitJob is a second job."""
    client: BatchClient = _client("batch", _ONCE, read_timeout_seconds=20, validated=True)
    return client


@cache
def activity_queue() -> SFNClient:
    """Step Functions for GetActivityTask: a long socket timeout, and no retry that could lose a token."""
    client: SFNClient = _client("stepfunctions", _ONCE, read_timeout_seconds=LONG_POLL_SECONDS)
    return client


@cache
def step_functions() -> SFNClient:
    """Step Functions for all that may be repeated."""
    client: SFNClient = _client("stepfunctions", _PATIENTLY, read_timeout_seconds=10)
    return client


@cache
def executions() -> SFNClient:
    """Step Functions for executions of any workflow: a throttled call is the limiter's to hear."""
    client: SFNClient = _client("stepfunctions", _ONCE, read_timeout_seconds=10)
    return client


@cache
def events() -> Any:
    """EventBridge for its rules: a task's intent waits for the answer, and can do without it."""
    return _client("events", _ONCE, connect_timeout_seconds=1, read_timeout_seconds=2)


@cache
def parameters() -> Any:
    """Systems Manager for its parameters, as `events`."""
    return _client("ssm", _ONCE, connect_timeout_seconds=1, read_timeout_seconds=2)


@cache
def s3() -> S3Client:
    """S3 for sample sheets."""
    client: S3Client = _client("s3", _PATIENTLY, read_timeout_seconds=20)
    return client


@cache
def dynamodb() -> DynamoDBClient:
    """DynamoDB; every write of Sluice's may be repeated."""
    client: DynamoDBClient = _client("dynamodb", _SOON, read_timeout_seconds=5)
    return client


@cache
def cloudwatch() -> Any:
    """CloudWatch for metrics; what fails is asked again by the next run of the schedule."""
    return _client("cloudwatch", _PATIENTLY, read_timeout_seconds=5)


@cache
def _session() -> Session:
    return Session()


def _user_agent() -> str:
    application = os.environ.get(APPLICATION_ID)
    return f"{USER_AGENT} app/{application}" if application else USER_AGENT


def _client(
    service: str,
    retries: Any,
    *,
    read_timeout_seconds: int,
    connect_timeout_seconds: int = 5,
    validated: bool = False,
) -> Any:
    """Makes a client.

    A sixth of a call's CPU time goes to botocore's own User-Agent, which is put together anew for each call,
    and to its check of arguments. Arguments are checked only where a task's sender has written some of them.
    """
    config = Config(
        user_agent=_user_agent(),
        parameter_validation=validated,
        retries=retries,
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        max_pool_connections=CONNECTIONS,
    )
    client = _session().create_client(service, config=config)
    # made by one thread: of two that make the exceptions' classes at once, one catches what nobody raises
    _ = client.exceptions
    return client
