"""A permission that was given just now is not in force yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.iam.policies import document_of
from tests.support.building import ROLE_ARN, eventually, make_role, refused

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(enforce_iam=True, iam_delay_seconds=2)) as aws:
        yield aws


def as_role(aws: LocalAws) -> Any:
    """A client of SQS with the credentials of the role."""
    given = aws.client("sts").assume_role(RoleArn=ROLE_ARN, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "sqs",
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def allowed(sqs: Any) -> bool:
    try:
        sqs.list_queues()
    except sqs.exceptions.ClientError:
        return False
    return True


def test_it_is_refused_at_first_and_allowed_soon(aws: LocalAws) -> None:
    iam = aws.client("iam")
    make_role(iam)
    sqs, role = as_role(aws), ROLE_ARN.rpartition("/")[2]
    policy = document_of([{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}])
    iam.put_role_policy(RoleName=role, PolicyName="list", PolicyDocument=policy)
    assert refused(sqs.list_queues) in {"AccessDenied", "AccessDeniedException"}
    eventually(lambda: allowed(sqs))
    # taken away, it is in force for as long
    iam.delete_role_policy(RoleName=role, PolicyName="list")
    assert allowed(sqs)
    eventually(lambda: not allowed(sqs))
