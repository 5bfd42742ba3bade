"""One Local AWS for all contract tests, and one DynamoDB Local for those that ask a second backend."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluice_local.dynamodb_local import DynamoDbLocal, what_is_missing
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.contract.faulty import Table
from tests.support.building import NEEDS, Functions, Machines

DYNAMODB_LOCAL = Path(__file__).parents[2] / ".dynamodb-local"


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield aws


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDbLocal]:
    missing = what_is_missing(DYNAMODB_LOCAL)
    if missing is not None and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing is not None:
        pytest.skip(missing)
    with DynamoDbLocal(DYNAMODB_LOCAL) as server:
        yield server


@pytest.fixture(scope="session")
def faulty_aws() -> Iterator[LocalAws]:
    """A Local AWS for the tests of faults, so that no other test meets one."""
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield aws


@pytest.fixture
def aws(faulty_aws: LocalAws) -> Iterator[LocalAws]:
    """The Local AWS for the tests of faults, healed after each."""
    yield faulty_aws
    faulty_aws.end_faults()


@pytest.fixture
def table(aws: LocalAws, unique: str) -> Table:
    """A table on the Local AWS for the tests of faults."""
    return Table.made(aws, unique)


@pytest.fixture(scope="session")
def states(local_aws: LocalAws) -> Any:
    return local_aws.client("stepfunctions")


@pytest.fixture
def activity_arn(states: Any, unique: str) -> str:
    return str(states.create_activity(name=unique)["activityArn"])


@pytest.fixture
def machines(states: Any, unique: str) -> Machines:
    return Machines(states, unique)


@pytest.fixture
def functions(local_aws: LocalAws, unique: str) -> Functions:
    return Functions(local_aws.client("lambda"), unique)


@pytest.fixture
def job(local_aws: LocalAws, unique: str) -> dict[str, Any]:
    """Arguments of SubmitJob, as a state machine gives them, for a job that prints its sample."""
    batch = local_aws.client("batch")
    environment = batch.create_compute_environment(computeEnvironmentName=unique, type="UNMANAGED")
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName=unique, priority=1, computeEnvironmentOrder=order)
    container = {"image": "none", "command": ["sh", "-c", "exit Ref::code"], "resourceRequirements": NEEDS}
    batch.register_job_definition(jobDefinitionName=unique, type="container", containerProperties=container)
    return {"JobName": "job", "JobQueue": unique, "JobDefinition": unique, "Parameters": {"code": "0"}}
