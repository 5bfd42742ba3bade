"""A container's SDK reaches Local AWS through a forwarder; a web page does not."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from sluice_local.server import client_environment
from tools.sam.forwarder import Forwarder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_local.server import LocalAws

MANY_BYTES = 3_000_000


@pytest.fixture
def forwarder(local_aws: LocalAws) -> Iterator[Forwarder]:
    with Forwarder("127.0.0.1", urlsplit(local_aws.endpoint).port or 0) as forwarder:
        yield forwarder


def client(service: str, endpoint: str) -> Any:
    given = client_environment(endpoint)
    return boto3.client(
        service,  # type: ignore[call-overload] # the name is not known to the type checker
        endpoint_url=endpoint,
        region_name=given["AWS_DEFAULT_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )


def test_an_sdk_works(forwarder: Forwarder, unique: str) -> None:
    s3 = client("s3", forwarder.endpoint)
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="reads", Body=b"x" * MANY_BYTES)
    assert s3.get_object(Bucket=unique, Key="reads")["Body"].read() == b"x" * MANY_BYTES
    tables = client("dynamodb", forwarder.endpoint).list_tables
    assert [tables()["ResponseMetadata"]["HTTPStatusCode"] for _ in range(3)] == [200, 200, 200]


def test_a_long_poll_works(forwarder: Forwarder, activity_arn: str) -> None:
    answer = client("stepfunctions", forwarder.endpoint).get_activity_task(activityArn=activity_arn)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "{endpoint}"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example:{port}"},
    ],
    ids=["of another site", "of the forwarder's own", "for another site", "by another name"],
)
def test_a_web_page_is_refused(forwarder: Forwarder, headers: dict[str, str]) -> None:
    address = urlsplit(forwarder.endpoint)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    filled = {
        name: value.format(endpoint=forwarder.endpoint, port=address.port) for name, value in headers.items()
    }
    connection.request("GET", "/2015-03-31/functions", headers=filled)
    assert connection.getresponse().status == 403
