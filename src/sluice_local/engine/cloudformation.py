"""Gap: MiniStack's CloudFormation knows neither Step Functions activities nor anything of Batch.

Each type gets the functions that MiniStack calls to create, update and delete a resource; they answer with
the physical id, which is what `Ref` gives, and the attributes for `Fn::GetAtt`. Properties and attributes:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Batch.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_StepFunctions.html
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from sluice_local.batch.api import BatchApi
from sluice_local.batch.model import RequestRefusedError
from sluice_local.batch.properties import request_of
from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, str]]

_PROVISIONERS = "services.cloudformation.provisioners"
_STEP_FUNCTIONS = "services.stepfunctions"
_HANDLER_ONLY = {"ReplaceComputeEnvironment", "UpdatePolicy", "ResourceRetentionPolicy"}
"""Properties for CloudFormation itself, which no create request carries."""
_SCALING = {"MaxvCpus", "MinvCpus", "DesiredvCpus"}
"""What of a compute environment's resources can always be changed."""


class Resource(Protocol):
    """What MiniStack's CloudFormation calls for one resource type."""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        """Make the resource."""

    def update(
        self, old_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        """Change the resource, or put another in its place."""

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Remove the resource; one that is gone already is fine."""


def install(batch: BatchApi) -> None:
    """Teach MiniStack's CloudFormation the types that it lacks.

    Raises:
        EngineMismatchError: if MiniStack's table of types is not where it was.
    """
    handlers = ministack.private(f"{_PROVISIONERS}._RESOURCE_HANDLERS")
    handlers["AWS::StepFunctions::Activity"] = _handler(Activity())
    handlers["AWS::Batch::ComputeEnvironment"] = _handler(ComputeEnvironment(batch))
    handlers["AWS::Batch::JobQueue"] = _handler(JobQueue(batch))
    handlers["AWS::Batch::JobDefinition"] = _handler(JobDefinition(batch))


def _handler(resource: Resource) -> dict[str, Any]:
    return {
        "create": resource.create,
        "update": resource.update,
        "update_with_logical_id": True,
        "delete": resource.delete,
    }


class Activity:
    """`AWS::StepFunctions::Activity`."""

    def create(self, _logical_id: str, properties: Properties, _stack_name: str) -> Created:
        """Make the activity, or take the one that has this name."""
        _check_activity(properties)
        name = str(properties["Name"])
        arn = self._arn(name)
        if arn not in ministack.private(f"{_STEP_FUNCTIONS}._activities"):
            self._call("_create_activity", {"name": name})
        self._set_tags(arn, {}, properties)
        return arn, {"Arn": arn, "Name": name}

    def update(
        self, old_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        """Change the tags; another name is another activity."""
        if old.get("Name") != new.get("Name"):
            return _replace(self, old_id, old, self.create(logical_id, new, stack_name))
        self._set_tags(old_id, old, new)
        return old_id, {"Arn": old_id, "Name": str(new["Name"])}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        """Remove the activity."""
        if physical_id in ministack.private(f"{_STEP_FUNCTIONS}._activities"):
            self._call("_delete_activity", {"activityArn": physical_id})

    def _set_tags(self, arn: str, old: Properties, new: Properties) -> None:
        old_keys = [tag["Key"] for tag in old.get("Tags") or ()]
        if old_keys:
            self._call("_untag_resource", {"resourceArn": arn, "tagKeys": old_keys})
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in new.get("Tags") or ()]
        if tags:
            self._call("_tag_resource", {"resourceArn": arn, "tags": tags})

    def _arn(self, name: str) -> str:
        scope = request_scope()
        return f"arn:aws:states:{scope.region}:{scope.account}:activity:{name}"

    def _call(self, function: str, request: Mapping[str, object]) -> None:
        # looked up at each call, because another fix may have replaced it since
        status, _headers, body = ministack.private(f"{_STEP_FUNCTIONS}.{function}")(request)
        if status >= 400:
            raise ValueError(json.loads(body).get("message") or f"{function} answered {status}")


def _check_activity(properties: Properties) -> None:
    if not properties.get("Name"):
        raise ValueError("#: required key [Name] not found")
    unknown = properties.keys() - {"Name", "Tags", "EncryptionConfiguration"}
    if unknown:
        raise ValueError(f"Encountered unsupported property {', '.join(sorted(unknown))}")


class ComputeEnvironment:
    """`AWS::Batch::ComputeEnvironment`.

    Most of a compute environment cannot be changed, so that an update makes another in its place. With
    `ReplaceComputeEnvironment: false` its resources can, but not its tags, which a stack's own are among:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-computeenvironment.html,
    and the type's schema tells it apart as createOnlyProperties and conditionalCreateOnlyProperties.
    """

    def __init__(self, batch: BatchApi) -> None:
        self._batch = batch

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        """Make the compute environment."""
        name = properties.get("ComputeEnvironmentName") or _physical_name(stack_name, logical_id)
        request = request_of(
            "CreateComputeEnvironment", {**_sent(properties), "ComputeEnvironmentName": name}
        )
        arn = self._batch.create_compute_environment(request, request_scope())["computeEnvironmentArn"]
        return arn, {"ComputeEnvironmentArn": arn}

    def update(
        self, old_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        """Change what can be changed; anything else is another compute environment."""
        if _is_another_environment(old, new):
            return _seeded_create(self, logical_id, new, stack_name)
        request = request_of("CreateComputeEnvironment", _sent(new))
        changed = {**request, "state": request.get("state", "ENABLED"), "computeEnvironment": old_id}
        self._batch.update_compute_environment(changed, request_scope())
        return old_id, {"ComputeEnvironmentArn": old_id}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        """Disable and remove the compute environment."""
        scope = request_scope()
        if self._batch.queues.describe_environments([physical_id], scope):
            disabled = {"computeEnvironment": physical_id, "state": "DISABLED"}
            self._batch.update_compute_environment(disabled, scope)
            self._batch.delete_compute_environment({"computeEnvironment": physical_id}, scope)


def _is_another_environment(old: Properties, new: Properties) -> bool:
    if any(old.get(name) != new.get(name) for name in ("ComputeEnvironmentName", "Tags", "Type")):
        return True
    if str(new.get("ReplaceComputeEnvironment", True)).lower() == "false":
        return False
    before, after = (
        {name: each for name, each in given.get("ComputeResources", {}).items() if name not in _SCALING}
        for given in (old, new)
    )
    return before != after


class JobQueue:
    """`AWS::Batch::JobQueue`."""

    def __init__(self, batch: BatchApi) -> None:
        self._batch = batch

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        """Make the job queue."""
        name = properties.get("JobQueueName") or _physical_name(stack_name, logical_id)
        request = request_of("CreateJobQueue", {**_sent(properties), "JobQueueName": name})
        arn = self._batch.create_job_queue(request, request_scope())["jobQueueArn"]
        return arn, {"JobQueueArn": arn}

    def update(
        self, old_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        """Change what can be changed; another name is another job queue."""
        if old.get("JobQueueName") != new.get("JobQueueName"):
            return _replace(self, old_id, old, self.create(logical_id, new, stack_name))
        request = request_of("CreateJobQueue", _sent(new))
        changed = {**request, "state": request.get("state", "ENABLED"), "jobQueue": old_id}
        self._batch.update_job_queue(changed, request_scope())
        return old_id, {"JobQueueArn": old_id}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        """Disable and remove the job queue, and end the jobs that it holds."""
        scope = request_scope()
        if self._batch.queues.describe_queues([physical_id], scope):
            self._batch.update_job_queue({"jobQueue": physical_id, "state": "DISABLED"}, scope)
            self._batch.delete_job_queue({"jobQueue": physical_id}, scope)


class JobDefinition:
    """`AWS::Batch::JobDefinition`; every change is a new revision with an ARN of its own."""

    def __init__(self, batch: BatchApi) -> None:
        self._batch = batch
        self._kept: set[str] = set()

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        """Register the job definition."""
        name = properties.get("JobDefinitionName") or _physical_name(stack_name, logical_id)
        request = request_of("RegisterJobDefinition", {**_sent(properties), "JobDefinitionName": name})
        arn = self._batch.register_job_definition(request, request_scope())["jobDefinitionArn"]
        return arn, {"JobDefinitionArn": arn}

    def update(
        self, old_id: str, _old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        """Register a new revision; the old one is deregistered unless the template keeps it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-batch-jobdefinition-resourceretentionpolicy.html
        """
        created = self.create(logical_id, new, stack_name)
        policy = new.get("ResourceRetentionPolicy") or {}
        if str(policy.get("SkipDeregisterOnUpdate")).lower() == "true":
            self._kept.add(old_id)
        # MiniStack has what another id takes the place of deleted when the stack's update has succeeded
        return created

    def delete(self, physical_id: str, _properties: Properties) -> None:
        """Deregister the revision, unless an update has just left it behind to be kept."""
        if physical_id in self._kept:
            self._kept.remove(physical_id)
            return
        with contextlib.suppress(RequestRefusedError):  # it is gone already
            self._batch.deregister_job_definition({"jobDefinition": physical_id}, request_scope())


def _replace(resource: Resource, old_id: str, old: Properties, created: Created) -> Created:
    """Have MiniStack remove the predecessor when the stack's update has succeeded."""
    ministack.private(f"{_PROVISIONERS}._delete_predecessor")(resource.delete, old_id, old)
    return created


def _seeded_create(resource: Resource, logical_id: str, new: Properties, stack_name: str) -> Created:
    """Make a successor under another made-up name; MiniStack removes the predecessor in the end."""
    created: Created = ministack.private(f"{_PROVISIONERS}._seeded_create")(
        resource.create, logical_id, new, stack_name
    )
    return created


def _physical_name(stack_name: str, logical_id: str) -> str:
    name: str = ministack.private(f"{_PROVISIONERS}._physical_name")(stack_name, logical_id)
    return name


def _sent(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _HANDLER_ONLY}
