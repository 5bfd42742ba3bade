"""The template that is published is derived from the project's, and the repository can accept it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from cfnlint.api import lint_file
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from sluice_local.packaging import read_template
from tools.sam.published_template import published_template, references

ROOT = Path(__file__).parents[2]
WHOLE = read_template((ROOT / "template.yaml").read_text())
PUBLISHED = published_template(WHOLE)
# what Sluice uses of https://docs.aws.amazon.com/serverlessrepo/latest/devguide/list-supported-resources.html;
# nothing of AWS::Batch is on that page
LISTED = {
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
    "AWS::StepFunctions::Activity",
    "AWS::StepFunctions::StateMachine",
}


def types_of(template: dict[str, Any]) -> set[str]:
    return {each["Type"] for each in template["Resources"].values()}


def expanded(template: dict[str, Any]) -> dict[str, Any]:
    """What CloudFormation makes of it: the SAM types written out."""
    packaged = json.loads(json.dumps(template))
    for resource in packaged["Resources"].values():
        for place in {"CodeUri", "DefinitionUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][place] = {"Bucket": "bucket", "Key": "key"}
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    return dict(translator.translate(packaged, {}))


def test_every_resource_type_is_one_that_the_repository_takes() -> None:
    assert types_of(PUBLISHED) <= LISTED
    assert types_of(expanded(PUBLISHED)) <= LISTED


def test_the_whole_template_could_not_be_published() -> None:
    unlisted = types_of(WHOLE) - LISTED
    assert unlisted == {
        "AWS::Batch::ComputeEnvironment",
        "AWS::Batch::JobDefinition",
        "AWS::Batch::JobQueue",
    }


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "published.yaml"
    built = json.loads(json.dumps(PUBLISHED))
    built["Globals"]["Function"]["CodeUri"] = str(ROOT / "functions")
    path.write_text(yaml.safe_dump(built, sort_keys=False))
    assert lint_file(path) == []


def test_only_what_batch_needs_is_left_out() -> None:
    left_out = WHOLE["Resources"].keys() - PUBLISHED["Resources"].keys()
    assert left_out == {
        "AlignJobDefinition",
        "ImputeJobDefinition",
        "JobExecutionRole",
        "JobLogs",
        "JobQueue",
        "JobRole",
        "LigateJobDefinition",
        "LikelihoodsJobDefinition",
        "OnDemandComputeEnvironment",
        "SpotComputeEnvironment",
    }


def test_queues_are_asked_for_and_job_definitions_may_be_given() -> None:
    parameters = PUBLISHED["Parameters"]
    without_default = {name for name, each in parameters.items() if "Default" not in each}
    assert without_default == {"JobQueueArns"}
    added = parameters.keys() - WHOLE["Parameters"].keys()
    assert added == {
        "AlignJobDefinitionArn",
        "ImputeJobDefinitionArn",
        "LigateJobDefinitionArn",
        "LikelihoodsJobDefinitionArn",
    }


def test_every_parameter_is_used_and_grouped_and_no_name_dangles() -> None:
    groups = PUBLISHED["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PUBLISHED["Parameters"])
    sections = [PUBLISHED[name] for name in ("Conditions", "Globals", "Resources", "Outputs")]
    known = PUBLISHED["Parameters"].keys() | PUBLISHED["Resources"].keys()
    named = {name for name in references(sections) if not name.startswith("AWS::")}
    assert named <= known
    assert named >= PUBLISHED["Parameters"].keys()


def test_the_workflow_is_made_only_when_it_has_its_job_definitions() -> None:
    conditional = {
        name: each["Condition"]
        for name, each in PUBLISHED["Resources"].items()
        if "Condition" in each and each["Type"] != "AWS::CloudWatch::Alarm"
    }
    assert conditional == {
        "Workflow": "HasLowpassWorkflow",
        "WorkflowRole": "HasLowpassWorkflow",
        # cohorts read their sheets from it
        "DataBucket": "CreateDataBucket",
        "DataBucketPolicy": "CreateDataBucket",
        "RateTable": "CreateRateTable",
    }
    assert PUBLISHED["Outputs"]["WorkflowArn"]["Condition"] == "HasLowpassWorkflow"


def test_nothing_is_nested() -> None:
    assert not types_of(PUBLISHED) & {"AWS::Serverless::Application", "AWS::CloudFormation::Stack"}


@pytest.mark.parametrize("template", [WHOLE, PUBLISHED], ids=["whole", "published"])
def test_the_templates_stay_within_cloudformations_limits(template: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(yaml.safe_dump(template)) < 1_000_000
    assert len(expanded(template)["Resources"]) <= 500
    assert len(template["Parameters"]) <= 200
    assert len(template["Outputs"]) <= 200
    assert len(template["Description"]) <= 1024


def test_the_metadata_is_as_the_repository_wants_it() -> None:
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/
    # serverless-sam-template-publishing-applications-metadata-properties.html
    metadata = PUBLISHED["Metadata"]["AWS::ServerlessRepo::Application"]
    assert re.fullmatch(r"[a-zA-Z0-9\-]{1,140}", metadata["Name"])
    assert 1 <= len(metadata["Description"]) <= 256
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", metadata["Author"])
    assert len(metadata["Labels"]) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", label) for label in metadata["Labels"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["SemanticVersion"])
    assert metadata["SpdxLicenseId"] == "MIT"
    for place in ("LicenseUrl", "ReadmeUrl"):
        path = ROOT / metadata[place]
        assert 0 < path.stat().st_size < 5_000_000, place
