"""What is published is derived from what was built, can be published, deploys and works."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sluice_local.packaging import read_template
from tests.sam.application_repository import APPLICATION, ApplicationRepository
from tests.sam.checkout import ROOT
from tools.sam.toolbox import ToolError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_local.server import LocalAws
    from tests.sam.checkout import Checkout
    from tests.support.building import Machines
    from tools.sam.toolbox import Toolbox

SAMPLE = {"sample": "NA06989", "reads": "r", "reference": "f", "panel": "p", "geneticMap": "m", "output": "o"}
SOURCE_URL = "https://example.com/sluice"
# the SAM CLI looks for its settings beside the template
DERIVED = (
    "--template-file",
    str(ROOT / ".aws-sam/build/published.yaml"),
    "--config-file",
    str(ROOT / "samconfig.toml"),
)


@pytest.fixture(scope="module")
def repository() -> Iterator[ApplicationRepository]:
    with ApplicationRepository() as serving:
        yield serving


@pytest.fixture(scope="module")
def published(toolbox: Toolbox, local_aws: LocalAws, repository: ApplicationRepository) -> dict[str, Any]:
    """The template that tools/sam/publish packaged."""
    publish(toolbox, local_aws, repository)
    return dict(read_template((ROOT / ".aws-sam/published.yaml").read_text()))


def publish(toolbox: Toolbox, aws: LocalAws, repository: ApplicationRepository) -> str:
    """Runs what the release job runs; returns what it prints."""
    there = {"AWS_ENDPOINT_URL_SERVERLESSAPPLICATIONREPOSITORY": repository.endpoint}
    environment = toolbox.environment({**aws.environment(), **there})
    return run(["./tools/sam/publish", SOURCE_URL], environment=environment, folder=ROOT)


def queue(checkout: Checkout, name: str) -> str:
    """A job queue that somebody has already; returns its ARN."""
    batch = checkout.aws.client("batch")
    resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    order = [{"order": 1, "computeEnvironment": name}]
    made = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    return str(made["jobQueueArn"])


def test_the_published_application_serves_queues_and_job_definitions_that_one_has(
    checkout: Checkout, published: dict[str, Any], machines: Machines
) -> None:
    assert "AlignJobDefinitionArn" in published["Parameters"]
    name, given = "sluice-published", {"JobQueueArns": queue(checkout, machines.name)}
    bare = checkout.deploy(name, *DERIVED, **given)
    assert "WorkflowArn" not in bare.outputs
    definition = bare.job_definition(machines.name, "true")
    programs = {f"{job}JobDefinitionArn": definition for job in ("Align", "Likelihoods", "Impute", "Ligate")}
    whole = checkout.deploy(name, *DERIVED, **given, **programs)
    ended = machines.ended(machines.start(whole.outputs["WorkflowArn"], SAMPLE), within_seconds=60)
    assert ended["status"] == "SUCCEEDED"
    assert set(checkout.resources(name).values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    checkout.delete(name)


def test_everything_that_is_published_lies_in_s3(local_aws: LocalAws, published: dict[str, Any]) -> None:
    metadata = published["Metadata"]["AWS::ServerlessRepo::Application"]
    assert stored(local_aws, metadata["LicenseUrl"]) == (ROOT / "LICENSE").read_bytes()
    assert stored(local_aws, metadata["ReadmeUrl"]) == (ROOT / "README.md").read_bytes()
    functions = [
        each for each in published["Resources"].values() if each["Type"] == "AWS::Serverless::Function"
    ]
    (code,) = {each["Properties"]["CodeUri"] for each in functions}
    # Lambda takes 50 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    assert len(stored(local_aws, code)) < 2_000_000


def stored(aws: LocalAws, uri: str) -> bytes:
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    return bytes(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def test_the_repository_gets_a_complete_application(
    published: dict[str, Any], repository: ApplicationRepository
) -> None:
    sent = repository.applications[f"{APPLICATION}sluice"]
    assert sent["semanticVersion"] == version()
    assert sent["spdxLicenseId"] == "MIT"
    assert sent["sourceCodeUrl"] == SOURCE_URL
    assert sent["licenseUrl"].startswith("s3://")
    assert sent["readmeUrl"].startswith("s3://")
    assert yaml.safe_load(sent["templateBody"])["Resources"].keys() == published["Resources"].keys()


def test_a_version_is_not_published_twice(
    toolbox: Toolbox, local_aws: LocalAws, repository: ApplicationRepository
) -> None:
    repository.create({"name": "sluice", "semanticVersion": version()})
    with pytest.raises(ToolError, match=f"Cannot publish version {version()}"):
        publish(toolbox, local_aws, repository)


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
