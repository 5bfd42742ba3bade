"""Deploys a SAM template to an endpoint of AWS's API as `sam deploy` does, through boto3 alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from sluice_local.errors import LocalError
from sluice_local.packaging import package

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client

BUCKET = "sluice-local-artifacts"
_CHECK_SECONDS = 1
_CHECKS_MAX = 300
_NOTHING_TO_DO = "No updates are to be performed"
_TABLE_KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema")
_INDEX_KEYS = ("IndexName", "KeySchema", "Projection")
_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


class DeployError(LocalError):
    """Raised when a stack cannot be made or changed; the message names the resource and its reason."""


def deploy(
    cloudformation_client: "CloudFormationClient",
    s3_client: "S3Client",
    template_path: Path,
    *,
    stack_name: str,
    parameters: Mapping[str, str],
) -> dict[str, str]:
    """Make the stack, or change it into what the template says, and return its outputs.

    A stack that is already so is left alone. One whose making failed before is removed first, since
    CloudFormation cannot change it.

    Raises:
        DeployError: with the first resource that failed and why.
        PackagingError: the template names a file that is not there.
    """
    template_url = _upload(s3_client, template_path)
    request: dict[str, Any] = {
        "StackName": stack_name,
        "TemplateURL": template_url,
        "Capabilities": _CAPABILITIES,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    }
    _create_or_update(cloudformation_client, request)
    return stack_outputs(cloudformation_client, stack_name)


def stack_outputs(cloudformation_client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """Read a stack's outputs by their names."""
    stack = cloudformation_client.describe_stacks(StackName=stack_name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _upload(s3_client: "S3Client", template_path: Path) -> str:
    """Put the template and what it names into the bucket; answer with the packaged template's URL."""
    s3_client.create_bucket(Bucket=BUCKET)

    def put(key: str, body: bytes) -> None:
        s3_client.put_object(Bucket=BUCKET, Key=key, Body=body)

    key = f"{template_path.stem}.json"
    put(key, json.dumps(package(template_path, bucket=BUCKET, upload=put)).encode())
    return f"{s3_client.meta.endpoint_url}/{BUCKET}/{key}"


def _create_or_update(client: "CloudFormationClient", request: Mapping[str, Any]) -> None:
    stack_name = request["StackName"]
    status = _stack_status(client, stack_name)
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        client.delete_stack(StackName=stack_name)
        _wait(client, "stack_delete_complete", stack_name)
        status = None
    try:
        if status is None:
            client.create_stack(**request)
            _wait(client, "stack_create_complete", stack_name)
        else:
            client.update_stack(**request)
            _wait(client, "stack_update_complete", stack_name)
    except ClientError as error:
        if _NOTHING_TO_DO not in str(error):
            raise DeployError(
                f"Stack {stack_name} was refused: {error.response['Error']['Message']}"
            ) from error


def _stack_status(client: "CloudFormationClient", stack_name: str) -> str | None:
    try:
        return client.describe_stacks(StackName=stack_name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _wait(client: "CloudFormationClient", waiter_name: Any, stack_name: str) -> None:
    pace = {"Delay": _CHECK_SECONDS, "MaxAttempts": _CHECKS_MAX}
    try:
        client.get_waiter(waiter_name).wait(StackName=stack_name, WaiterConfig=pace)
    except WaiterError as error:
        raise DeployError(f"Stack {stack_name} failed: {_first_failure(client, stack_name)}") from error


def _first_failure(client: "CloudFormationClient", stack_name: str) -> str:
    """Find the failure that began the trouble: events come newest first, later ones are its consequences."""
    events = client.describe_stack_events(StackName=stack_name)["StackEvents"]
    failures = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failures:
        return "it did not end in time and no resource reports a failure"
    first = failures[-1]
    reason = first.get("ResourceStatusReason", "no reason is given")
    return f"{first['LogicalResourceId']} ({first['ResourceType']}): {reason}"


def create_table(dynamodb: Any, template: Mapping[str, Any], logical_id: str, *, name: str) -> str:
    """Make a table with the keys and indexes that the template gives it, and return its name.

    Args:
        dynamodb: a client of boto3.
        template: as `packaging.read_template` reads it.
        logical_id: the table's name in the template.
        name: the table's name from now on.
    """
    properties = template["Resources"][logical_id]["Properties"]
    given = {key: properties[key] for key in _TABLE_KEYS if key in properties}
    if indexes := properties.get("GlobalSecondaryIndexes"):
        given["GlobalSecondaryIndexes"] = [{key: each[key] for key in _INDEX_KEYS} for each in indexes]
    dynamodb.create_table(TableName=name, **given)
    return name
