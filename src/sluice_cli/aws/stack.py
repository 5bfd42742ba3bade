"""Finds the stack by its name, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.adopting.heartbeats import SENT_EVERY_SECONDS
from sluice_cli.errors import AwsError, StackMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice_cli.aws.ports import Api

MARKS: Final = frozenset({"ActivityArn", "ActivityPollerArn", "TaskTableName"})
"""Outputs by which a stack is known as one of Sluice's."""


@dataclass(frozen=True)
class Resource:
    """One resource of the stack: its name in the template, its type and what AWS calls it."""

    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its name, CloudFormation's status, its outputs and parameters by name."""

    name: str
    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """An output of the stack.

        Raises:
            StackMissingError: the stack is of a version that does not have it.
        """
        if name not in self.outputs:
            raise StackMissingError(
                f"Stack {self.name} has no output {name}: it is older than this command. Deploy it again."
            )
        return self.outputs[name]


def find_stack(api: Api, name: str, *, also_deleting: bool = False) -> Stack:
    """Finds Sluice's stack of this name, one that is being deleted only if that is asked for.

    Raises:
        StackMissingError: there is none, or it is not Sluice's; the message names those that look like it.
        AwsError: AWS refused the call.
    """
    try:
        described = api.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AwsError as error:
        if "does not exist" not in str(error):
            raise
        described = []
    if not described:
        raise StackMissingError(f"There is no stack {name!r} in {api.region}. {_others(api)}")
    stack = _read(described[0])
    if stack.status.startswith("DELETE_") and not also_deleting:
        raise StackMissingError(f"Stack {name!r} in {api.region} is {stack.status}. {_others(api)}")
    # a stack that is being made, or was rolled back, has no outputs
    if stack.outputs and not stack.outputs.keys() >= MARKS:
        raise StackMissingError(f"Stack {name!r} in {api.region} is not a Sluice stack. {_others(api)}")
    return stack


def watched_queues(stack: Stack) -> tuple[str, ...]:
    """The ARNs of the job queues that the stack was given, or has made: of their jobs it hears."""
    given = [arn.strip() for arn in stack.parameters.get("JobQueueArns", "").split(",")]
    return tuple(arn for arn in given if arn) or (stack.output("JobQueueArn"),)


def heartbeat_interval(stack: Stack) -> float:
    """How often the stack sends a task's heartbeat, in seconds; the default of an older stack."""
    return float(stack.parameters.get("ReconcileHeartbeatSeconds", SENT_EVERY_SECONDS))


def startable_workflows(stack: Stack) -> tuple[str, ...]:
    """ARNs, in which a star stands for any text, of what cohorts may start; all of an older stack."""
    return _bounds(stack, "WorkflowArns", [stack.output("WorkflowArn")])


def usable_definitions(stack: Stack) -> tuple[str, ...]:
    """ARNs, with stars for any text, of job definitions that tasks may use; all of an older stack."""
    own = [arn for name, arn in stack.outputs.items() if name.endswith("JobDefinitionArn")]
    return _bounds(stack, "JobDefinitionArns", [arn.rpartition(":")[0] for arn in own])


def _bounds(stack: Stack, parameter: str, own: Sequence[str]) -> tuple[str, ...]:
    """What the template makes of a parameter: the stack's own, an acceptance run's, and those given."""
    if parameter not in stack.parameters:
        return ("*",)
    given = [arn.strip() for arn in stack.parameters[parameter].split(",")]
    before_name = own[0][: max(map(own[0].rfind, ":/")) + 1]
    if given == ["*"]:
        return (f"{before_name}*",)
    return (*own, f"{before_name}{stack.name}-accept-*", *filter(None, given))


def stack_resources(api: Api, name: str) -> tuple[Resource, ...]:
    """Lists what the stack is made of; what is not there yet has no name of AWS's and is left out."""
    pages = api.pages("cloudformation", "list_stack_resources", StackName=name)
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return tuple(
        Resource(each["LogicalResourceId"], each["ResourceType"], each["PhysicalResourceId"])
        for each in found
        if each.get("PhysicalResourceId")
    )


def _read(description: Mapping[str, Any]) -> Stack:
    return Stack(
        name=description["StackName"],
        status=description["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", ())},
        parameters={
            each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", ""))
            for each in description.get("Parameters", ())
        },
    )


def _others(api: Api) -> str:
    stacks = [
        _read(each) for page in api.pages("cloudformation", "describe_stacks") for each in page["Stacks"]
    ]
    names = sorted(stack.name for stack in stacks if stack.outputs.keys() >= MARKS)
    if names:
        return f"Sluice stacks here: {', '.join(names)}. Choose one with --stack or SLUICE_STACK."
    return "There is no Sluice stack here: give another --region or --profile, or deploy it (`sam deploy`)."
