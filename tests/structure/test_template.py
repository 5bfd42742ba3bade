"""The template holds what its readers and AWS expect."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from cfnlint.api import lint_file

from sluice.settings import Settings
from sluice_local.packaging import read_template

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "template.yaml").read_text()
TEMPLATE = read_template(TEXT)
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = {name: each for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"}


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def test_cfn_lint_finds_nothing() -> None:
    assert lint_file(ROOT / "template.yaml") == []


def test_every_parameter_is_described_used_and_grouped() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(TEMPLATE["Parameters"])
    for name, parameter in TEMPLATE["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert "Default" in parameter, name
        assert len(re.findall(rf"\b{name}\b", TEXT)) > 2, f"{name} is used nowhere"


def test_every_output_is_described() -> None:
    assert all(output["Description"] for output in TEMPLATE["Outputs"].values())


def test_every_function_has_its_handler_its_role_its_log_group_and_its_event() -> None:
    for name, function in FUNCTIONS.items():
        folder = function["Properties"]["Handler"].removesuffix(".app.lambda_handler")
        assert (ROOT / "functions" / folder / "app.py").is_file(), name
        assert (ROOT / "events" / f"{folder}.json").is_file(), name
        stem = name.removesuffix("Function")
        assert RESOURCES[f"{stem}Logs"]["Properties"]["LogGroupName"] == {
            "Fn::Sub": f"/sluice/${{AWS::StackName}}/{folder}"
        }
        assert function["Properties"]["Role"] == {"Fn::GetAtt": [f"{stem}Role", "Arn"]}, name


def test_every_folder_of_a_function_is_deployed() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == {each["Properties"]["Handler"].split(".")[0] for each in FUNCTIONS.values()}


def test_the_environment_is_what_the_settings_read() -> None:
    variables = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    assert variables - {"POWERTOOLS_SERVICE_NAME"} == {name.upper() for name in Settings.__dataclass_fields__}


def test_every_queue_has_a_dead_letter_queue_with_an_alarm() -> None:
    queues = of_type("AWS::SQS::Queue")
    working = {name for name in queues if not name.endswith("DeadLetters")}
    for name in working:
        dead_letters = name.removesuffix("Queue") + "DeadLetters"
        target = queues[name]["RedrivePolicy"]["deadLetterTargetArn"]
        assert target == {"Fn::GetAtt": [dead_letters, "Arn"]}
        assert f"{dead_letters}Alarm" in RESOURCES


def test_a_star_for_a_resource_stands_only_where_iam_knows_none() -> None:
    without_resource = {
        "batch:DescribeJobs",
        "batch:ListJobs",
        "ecr:GetAuthorizationToken",
        "states:SendTaskFailure",
        "states:SendTaskHeartbeat",
        "states:SendTaskSuccess",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    documents = [policy["PolicyDocument"] for policy in of_type("AWS::IAM::ManagedPolicy").values()]
    for role in of_type("AWS::IAM::Role").values():
        documents += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    for statement in (each for document in documents for each in document["Statement"]):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert all("*" not in action for action in actions)
        if statement["Resource"] == "*":
            assert set(actions) <= without_resource


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert TEMPLATE["Metadata"]["AWS::ServerlessRepo::Application"]["SemanticVersion"] == version
    assert f"## [{version}] - " in (ROOT / "CHANGELOG.md").read_text()


def test_every_sample_event_is_json() -> None:
    for path in (ROOT / "events").glob("*.json"):
        json.loads(path.read_text())
