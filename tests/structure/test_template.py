"""The template holds what its readers and AWS expect."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfnlint.api import lint_file
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from sluice.runtime.settings import Settings
from sluice_local.packaging import read_template
from tests.support.expanded import expanded_template

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        stem = name.removesuffix("Function").replace("ProbeActivity", "SubmitJobs")  # its code, in small
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


def sources() -> dict[str, tuple[dict[str, Any], dict[str, Any], int]]:
    """Of each queue's function: the queue, the source, and the seconds that a batch may take in all."""
    queues, default = of_type("AWS::SQS::Queue"), TEMPLATE["Globals"]["Function"]["Timeout"]
    found = {}
    for function in FUNCTIONS.values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "SQS":
                source = event["Properties"]
                name = source["Queue"]["Fn::GetAtt"][0]
                window = source.get("MaximumBatchingWindowInSeconds", 0)
                found[name] = queues[name], source, function["Properties"].get("Timeout", default) + window
    return found


def test_what_failed_comes_again_soon_and_nothing_while_it_is_handled() -> None:
    assert len(sources()) == 4
    for name, (queue, source, seconds) in sources().items():
        assert seconds < queue["VisibilityTimeout"] <= seconds + 60, name
        # what makes so short a time safe: a limit of batches at once, or batches that are large
        limited = source.get("ScalingConfig", {}).get("MaximumConcurrency", 5)
        assert limited <= 5, name
        assert "ScalingConfig" in source or source["BatchSize"] >= 100, name


def test_an_outage_of_half_an_hour_makes_no_dead_letters() -> None:
    """Nor does an account whose concurrency is used up: what Lambda cannot hand on counts as received."""
    for name, (queue, _, _) in sources().items():
        assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 1800, name


def test_whoever_reads_what_a_submitter_writes_is_deployed_before_it() -> None:
    resources = expanded_template()["Resources"]
    submitters = {
        name for name, each in FUNCTIONS.items() if each["Properties"]["Handler"].startswith("submit_jobs.")
    }
    # the reconciler submits too, and does so with what it reads itself
    readers = {"HandleJobStatusFunction", "CancelJobsFunction", "ReconcileTasksFunction"}
    assert submitters == {"SubmitJobsFunction", "ProbeActivityFunction"}
    for name in submitters:
        assert readers <= set(resources[name]["DependsOn"]), name


def test_a_second_stack_of_the_account_takes_none_of_the_names() -> None:
    # the properties that tell a resource from its like, as cfn-lint's copy of AWS's schemas has them
    unlike = {}
    for name, resource in expanded_template()["Resources"].items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        for path in schema.get("createOnlyProperties", []):
            given = resource.get("Properties", {}).get(path.rpartition("/")[2])
            if path.endswith("Name") and given is not None:
                unlike[name] = given
    assert len(unlike) > 10
    assert {name: each for name, each in unlike.items() if "AWS::StackName" not in json.dumps(each)} == {}


def test_the_data_bucket_takes_no_request_without_tls_and_keeps_no_unfinished_upload() -> None:
    (denied,) = RESOURCES["DataBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == [
        {"Fn::GetAtt": ["DataBucket", "Arn"]},
        {"Fn::Sub": "${DataBucket.Arn}/*"},
    ]
    (rule,) = RESOURCES["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricData": "IAM knows no resource for it",
    "batch:DescribeComputeEnvironments": "IAM knows no resource for it",
    "batch:DescribeJobQueues": "IAM knows no resource for it",
    "batch:DescribeJobs": "jobs are looked up by id, over all queues",
    "batch:ListJobs": "IAM knows no resource for it, not even the queue",
    "ecr:GetAuthorizationToken": "the token is the registry's",
    "states:SendTaskFailure": "a token names no resource",
    "states:SendTaskHeartbeat": "a token names no resource",
    "states:SendTaskSuccess": "a token names no resource",
    "xray:GetSamplingRules": "X-Ray's rules are the account's",
    "xray:GetSamplingTargets": "X-Ray's rules are the account's",
    "xray:PutTelemetryRecords": "traces are the account's",
    "xray:PutTraceSegments": "traces are the account's",
}
"""Actions for which a policy can only say `*`, and why.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

OF_OTHER_DATA = {"cloudwatch:GetMetricData": ["dataset"]}
"""Resources of such an action that are not what we ask of it: metrics have none."""

PATTERNS = {
    "job/*": "Batch chooses a job's id",
    "execution:${AWS::StackName}-activity-poller:*": "the names of a poller's executions count up",
    "execution:*:*.*.*": "an execution of a sample names its cohort, its attempt and itself",
    "log-group:/sluice/${AWS::StackName}/*": "one policy for the functions' groups, and their streams",
    "log-group:/sluice/${AWS::StackName}/jobs:*": "the streams of the group",
    "${Bucket}/*": "the workflow's input says which objects",
    "repository/*": "LowpassImage may be of any repository of the account",
}
"""The ends of the ARNs that hold a star, and why."""

BOUNDS = {
    "job-definition/*": "JobDefinitionArns is a single star",
    "stateMachine:*": "WorkflowArns is a single star",
    "job-definition/${AWS::StackName}-accept-*": "an acceptance run's own",
    "stateMachine:${AWS::StackName}-accept-*": "an acceptance run's own",
}
"""Likewise in what tasks may use, and cohorts start."""


def statements() -> list[dict[str, Any]]:
    """Every statement of every policy that a role has."""
    documents = [policy["PolicyDocument"] for policy in of_type("AWS::IAM::ManagedPolicy").values()]
    for role in of_type("AWS::IAM::Role").values():
        documents += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    return [statement for document in documents for statement in document["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def texts(resource: Any) -> list[str]:
    """The text of a resource that is given as one, or as the first argument of Fn::Sub."""
    given = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
    return [each for each in listed(given) if isinstance(each, str)]


def test_a_star_for_a_resource_stands_only_where_iam_knows_none() -> None:
    starred = {
        action
        for statement in statements()
        for action in listed(statement["Action"])
        if "*" in listed(statement["Resource"])
    }
    assert starred == WITHOUT_RESOURCE.keys()


def test_iam_really_knows_no_resource_for_what_has_a_star() -> None:
    # cfn-lint carries AWS's service authorization reference
    services = load_resource(AdditionalSpecs, "Policies.json")
    for action in WITHOUT_RESOURCE:
        service, name = action.split(":")
        known = services[service]["Actions"]
        assert name.lower() in known, action
        resources = (known[name.lower()] or {}).get("Resources") or []
        assert resources == OF_OTHER_DATA.get(action, []), action


def test_no_action_is_a_pattern() -> None:
    assert not [each for statement in statements() for each in listed(statement["Action"]) if "*" in each]


def test_every_star_within_a_resource_has_its_reason() -> None:
    resources = [each for statement in statements() for each in listed(statement["Resource"])]
    starred = {text for each in resources for text in texts(each) if "*" in text and text != "*"}
    assert {ending(text) for text in starred} == PATTERNS.keys()


def ending(arn: str) -> str:
    """An ARN without what says where."""
    prefix = r"^arn:\$\{AWS::Partition\}:(s3:::|\w+:\$\{AWS::Region\}:\$\{AWS::AccountId\}:)"
    return re.sub(prefix, "", arn)


def subs(node: Any) -> Iterator[str]:
    """The text of every Fn::Sub below a node."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("Fn::Sub"), str):
        yield node["Fn::Sub"]
    for each in below:
        yield from subs(each)


def test_what_tasks_and_cohorts_may_use_has_a_star_only_for_a_reason() -> None:
    values = [each["Value"] for each in of_type("AWS::SSM::Parameter").values()]
    assert {ending(text) for text in subs(values) if "*" in text} == BOUNDS.keys()


def test_tasks_may_use_every_job_definition_of_the_stack() -> None:
    bounds = set(subs(of_type("AWS::SSM::Parameter")["JobDefinitionBounds"]["Value"]))
    own = {each["JobDefinitionName"]["Fn::Sub"] for each in of_type("AWS::Batch::JobDefinition").values()}
    assert own <= {ending(text).removeprefix("job-definition/") for text in bounds}


def test_every_role_trusts_a_service_on_behalf_of_this_account_alone() -> None:
    roles = of_type("AWS::IAM::Role")
    assert len(roles) >= 13
    for name, role in roles.items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, name


def statements_as_written() -> list[tuple[str, str]]:
    """Every statement's text, and the line above it."""
    lines = TEXT.splitlines()
    found = []
    for number, line in enumerate(lines):
        if line.strip().startswith(("- Effect: Allow", "- {Effect: Allow,")):
            deeper = re.compile(rf" {{{line.index('-') + 1}}}")
            body = itertools.takewhile(deeper.match, lines[number + 1 :])
            found.append(("\n".join([line, *body]), lines[number - 1].strip()))
    return found


def test_no_statement_is_overlooked_as_it_is_written() -> None:
    of_queues = [each["PolicyDocument"]["Statement"] for each in of_type("AWS::SQS::QueuePolicy").values()]
    trusts = [each["AssumeRolePolicyDocument"]["Statement"] for each in of_type("AWS::IAM::Role").values()]
    assert len(statements_as_written()) == len([*statements(), *itertools.chain(*of_queues, *trusts)])


def test_every_statement_with_a_star_says_why_in_the_template() -> None:
    starred = [(above, text) for text, above in statements_as_written() if "*" in text]
    assert starred
    assert [text for above, text in starred if not above.startswith("# ")] == []


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert TEMPLATE["Metadata"]["AWS::ServerlessRepo::Application"]["SemanticVersion"] == version
    assert f"## [{version}] - " in (ROOT / "CHANGELOG.md").read_text()


def test_every_sample_event_is_json() -> None:
    for path in (ROOT / "events").glob("*.json"):
        json.loads(path.read_text())
