"""The deployed stack that is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from accept.aws import Aws
from accept.errors import AcceptError

NEEDED: Final = ("JobQueueArn", "AlignJobDefinitionArn")
"""Outputs for the run's jobs; the published template has no workflow of its own, and so no job definition."""


@dataclass(frozen=True)
class Stack:
    """A stack of Sluice's.

    Attributes:
        name: of the stack.
        outputs, parameters: by their names.
        instances_queue: the ARN of the first of its queues that runs on EC2 alone; None if there is none.
    """

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    instances_queue: str | None = None

    @property
    def queues(self) -> list[str]:
        """The ARNs of the queues that the run's jobs use."""
        return list(dict.fromkeys(filter(None, [self.outputs["JobQueueArn"], self.instances_queue])))


def find_stack(aws: Aws, name: str) -> Stack:
    """Read a stack.

    Raises:
        AcceptError: there is none, or it is not one of Sluice's.
    """
    try:
        (found,) = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise AcceptError(
            f"There is no stack {name!r} in account {aws.account}, {aws.region}: {error}. Name one by STACK=."
        ) from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
    if "ActivityArn" not in outputs:
        raise AcceptError(f"Stack {name!r} is not a Sluice stack: it has no output ActivityArn.")
    missing = [each for each in NEEDED if each not in outputs]
    if missing:
        raise AcceptError(
            f"Stack {name!r} has no output {', '.join(missing)}: it is an older one, or of the published "
            "template. Deploy one from a checkout (`sam build && sam deploy`) and name it by STACK=."
        )
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())}
    return Stack(name, outputs, parameters, _instances_queue(aws, parameters.get("JobQueueArns", "")))


def _instances_queue(aws: Aws, arns: str) -> str | None:
    batch = aws.client("batch")
    given = [arn.strip() for arn in arns.split(",") if arn.strip()]
    queues = batch.describe_job_queues(jobQueues=given)["jobQueues"] if given else []
    for queue in sorted(queues, key=lambda each: given.index(each["jobQueueArn"])):
        names = [each["computeEnvironment"] for each in queue["computeEnvironmentOrder"]]
        described = batch.describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
        kinds = [each.get("computeResources", {}).get("type", "") for each in described]
        if not any(kind.startswith("FARGATE") for kind in kinds):
            return str(queue["jobQueueArn"])
    return None
