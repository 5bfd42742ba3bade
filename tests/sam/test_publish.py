"""What is published is derived from what was built, can be published, deploys and works."""

from __future__ import annotations

import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sam.toolbox import ToolError, run
from sluice_local.packaging import read_template
from tests.sam.application_repository import APPLICATION, ApplicationRepository
from tests.sam.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.building import Machines
    from tests.sam.checkout import Checkout

SAMPLE = {"sample": "NA06989", "reads": "r", "reference": "f", "panel": "p", "geneticMap": "m", "output": "o"}
SOURCE_URL = "https://example.com/sluice"


@pytest.fixture(scope="module")
def derived(checkout: Checkout) -> Path:
    """The template to publish, derived as docs/publishing.md says."""
    built, target = checkout.build / "template.yaml", checkout.build / "published.yaml"
    command = [sys.executable, "-m", "sam.published_template", str(built), str(target), SOURCE_URL]
    run(command, environment=checkout.toolbox.environment({}), folder=ROOT)
    return target


@pytest.fixture(scope="module")
def packaged(checkout: Checkout, derived: Path) -> dict[str, Any]:
    """What `sam package` makes of it."""
    assert derived.exists()
    checkout.sam("package")
    return dict(read_template((checkout.folder / ".aws-sam/published.yaml").read_text()))


@pytest.fixture(scope="module")
def repository() -> Iterator[ApplicationRepository]:
    with ApplicationRepository() as serving:
        yield serving


def queue(checkout: Checkout, name: str) -> str:
    """A job queue that somebody has already; returns its ARN."""
    batch = checkout.aws.client("batch")
    resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    order = [{"order": 1, "computeEnvironment": name}]
    made = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    return str(made["jobQueueArn"])


def test_the_published_application_serves_queues_and_job_definitions_that_one_has(
    checkout: Checkout, derived: Path, machines: Machines
) -> None:
    # the SAM CLI looks for its settings beside the template
    template = ("--template-file", str(derived), "--config-file", str(checkout.folder / "samconfig.toml"))
    name = "sluice-published"
    given = {"JobQueueArns": queue(checkout, machines.name)}
    bare = checkout.deploy(name, *template, **given)
    assert "WorkflowArn" not in bare.outputs
    definition = bare.job_definition(machines.name, "true")
    programs = {f"{job}JobDefinitionArn": definition for job in ("Align", "Likelihoods", "Impute")}
    whole = checkout.deploy(name, *template, **given, **programs)
    ended = machines.ended(machines.start(whole.outputs["WorkflowArn"], SAMPLE), within_seconds=60)
    assert ended["status"] == "SUCCEEDED"
    assert set(checkout.resources(name).values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    checkout.delete(name)


def test_everything_that_is_published_lies_in_s3(checkout: Checkout, packaged: dict[str, Any]) -> None:
    s3 = checkout.aws.client("s3")
    metadata = packaged["Metadata"]["AWS::ServerlessRepo::Application"]
    for name, place in (("LICENSE", "LicenseUrl"), ("README.md", "ReadmeUrl")):
        bucket, key = metadata[place].removeprefix("s3://").split("/", 1)
        stored = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert stored == (checkout.folder / name).read_bytes()
    functions = [
        each for each in packaged["Resources"].values() if each["Type"] == "AWS::Serverless::Function"
    ]
    assert all(each["Properties"]["CodeUri"].startswith("s3://") for each in functions)


def test_the_code_is_far_below_lambdas_limit(checkout: Checkout, packaged: dict[str, Any]) -> None:
    # 50 MB zipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    code = packaged["Resources"]["SubmitJobsFunction"]["Properties"]["CodeUri"]
    bucket, key = code.removeprefix("s3://").split("/", 1)
    assert checkout.aws.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] < 2_000_000


def test_sam_publish_sends_a_complete_application_and_refuses_to_repeat_a_version(
    checkout: Checkout, packaged: dict[str, Any], repository: ApplicationRepository
) -> None:
    there = {"AWS_ENDPOINT_URL_SERVERLESSAPPLICATIONREPOSITORY": repository.endpoint}
    assert "Publish Succeeded" in checkout.sam("publish", more_environment=there)
    sent = repository.applications[f"{APPLICATION}sluice"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert sent["semanticVersion"] == version
    assert sent["spdxLicenseId"] == "MIT"
    assert sent["sourceCodeUrl"] == SOURCE_URL
    assert sent["licenseUrl"].startswith("s3://")
    assert sent["readmeUrl"].startswith("s3://")
    assert yaml.safe_load(sent["templateBody"])["Resources"].keys() == packaged["Resources"].keys()
    with pytest.raises(ToolError, match=f"Cannot publish version {version}"):
        checkout.sam("publish", more_environment=there)
