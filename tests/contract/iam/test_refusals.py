"""What each role must not do is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.config import Config

from tests.contract.iam.ending_probes import running_job, was_stopped
from tests.contract.iam.forbidden_calls import (
    EVERYBODY,
    FORBIDDEN,
    cohort,
    describe_jobs,
    list_jobs,
    open_by_execution,
    queue,
    rate,
    samples,
)
from tests.contract.iam.policies import document_of
from tests.support.building import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.iam.forbidden_calls import Arguments
    from tests.contract.iam.scene import Scene

DENIED: Final = {"AccessDenied", "AccessDeniedException", "403"}


class Session:
    """Clients with the credentials of one role, and what calls of them name."""

    def __init__(self, scene: Scene, role: str) -> None:
        self.scene = scene
        name = scene.physical(role)
        trust_administrator(scene.aws.client("iam"), name)
        assumed = scene.aws.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::000000000000:role/{name}", RoleSessionName="test"
        )["Credentials"]
        self._credentials = {
            "aws_access_key_id": assumed["AccessKeyId"],
            "aws_secret_access_key": assumed["SecretAccessKey"],
            "aws_session_token": assumed["SessionToken"],
        }

    def call(self, service: str, operation: str, arguments: Arguments) -> Any:
        """Call an operation in the role's name."""
        aws = self.scene.aws
        client = boto3.client(
            service,  # type: ignore[call-overload]  # the table names it
            region_name=aws.region,
            endpoint_url=aws.endpoint,
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
            **self._credentials,
        )
        return getattr(client, operation)(**arguments)


def trust_administrator(iam: Any, role: str) -> None:
    """Lets the account itself assume a role that trusts services alone, and these on its behalf."""
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    trust["Statement"].append({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


Row = tuple[str, str, str, "Callable[[Scene], Arguments]"]


def _name(row: Row) -> str:
    role, service, operation, arguments = row
    return f"{role}-{service}-{operation}-{arguments.__name__}"


@pytest.fixture(scope="session")
def sessions(scene: Scene) -> dict[str, Session]:
    return {role: Session(scene, role) for role in EVERYBODY}


@pytest.mark.parametrize("row", FORBIDDEN, ids=_name)
def test_it_is_refused(scene: Scene, sessions: dict[str, Session], row: Row) -> None:
    role, service, operation, arguments = row
    assert refused(lambda: sessions[role].call(service, operation, arguments(scene))) in DENIED


@pytest.mark.parametrize(
    "row",
    [
        ("SubmitJobsRole", "batch", "list_jobs", list_jobs),
        ("HandleJobStatusRole", "sqs", "receive_message", queue("JobEventsQueue")),
        ("CancelJobsRole", "dynamodb", "query", open_by_execution),
        ("EnsurePollersRole", "dynamodb", "get_item", rate),
        ("ReconcileTasksRole", "batch", "describe_jobs", describe_jobs),
        ("StartSamplesRole", "dynamodb", "query", samples),
        ("CountSamplesRole", "sqs", "receive_message", queue("SampleEndsQueue")),
        ("ReconcileSamplesRole", "dynamodb", "get_item", cohort),
    ],
    ids=_name,
)
def test_the_same_credentials_are_good_for_what_the_role_is_for(
    scene: Scene, sessions: dict[str, Session], row: Row
) -> None:
    role, service, operation, arguments = row
    assert sessions[role].call(service, operation, arguments(scene))


def test_a_call_that_ends_many_jobs_leaves_out_those_that_the_role_may_not_end(
    scene: Scene, sessions: dict[str, Session]
) -> None:
    job_id = running_job(scene)
    asked = {"jobs": [job_id], "reason": "x"}
    answer = sessions["EnsurePollersRole"].call("batch", "terminate_jobs", asked)
    assert [(each["job"], each["code"]) for each in answer["errors"]] == [(job_id, "AccessDenied")]
    assert scene.stack.ended_job(job_id) is None
    answer = sessions["CancelJobsRole"].call("batch", "terminate_jobs", asked)
    assert answer["successful"] == [job_id]
    assert was_stopped(scene, job_id)


@pytest.mark.parametrize("name", ["JobEventsQueue", "WakeUpsQueue", "CancellationsQueue", "SampleEndsQueue"])
def test_a_rule_that_is_not_the_stack_s_may_not_send_to_its_queue(
    scene: Scene, unique: str, name: str
) -> None:
    # GIVEN somebody's rule that sends to our queue and to one that takes anything
    events, sqs = scene.aws.client("events"), scene.aws.client("sqs")
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    witness = sqs.create_queue(QueueName=unique, Attributes={"Policy": document_of([anybody])})["QueueUrl"]
    events.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))
    arns = {"ours": scene.arn(name), "witness": scene.arn(name).rpartition(":")[0] + f":{unique}"}
    events.put_targets(Rule=unique, Targets=[{"Id": each, "Arn": arn} for each, arn in arns.items()])
    # WHEN its event comes
    sqs.purge_queue(QueueUrl=scene.physical(name))
    events.put_events(Entries=[{"Source": unique, "DetailType": "x", "Detail": "{}"}])
    # THEN our queue has not taken it, whatever else may have come late to it
    assert sqs.receive_message(QueueUrl=witness, WaitTimeSeconds=5)["Messages"]
    received = sqs.receive_message(QueueUrl=scene.physical(name), MaxNumberOfMessages=10)
    assert not [each for each in received.get("Messages", ()) if unique in each["Body"]]
