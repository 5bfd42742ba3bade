"""What a run makes for itself, and takes away when it is over: all of it is named after the run."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from accept.aws import Aws
from accept.stack import Stack

IMAGE: Final = "public.ecr.aws/docker/library/busybox:stable"
"""Public, small, and has `sh`, `sleep` and `dd`."""
NO_IMAGE: Final = "public.ecr.aws/docker/library/busybox:there-is-no-such-tag"
MEMORY_MIB: Final = 512
"""The least that Fargate takes; .25 vCPU go with it."""
SCRIPT: Final = ["sh", "-c", "Ref::script"]
LITERAL: Final = ["sh", "-c", 'test "$0" = "Ref::""absent"', "Ref::absent"]
"""Succeeds if what no parameter names arrives as it is written."""
ENTRY_POINT: Final = Path(__file__).parents[1] / "jobs/sluice-row"
THEIRS: Final = "theirs"
"""A job definition as a stranger might have it."""
POLICY_VERSION: Final = "2012-10-17"


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        prefix: of all names.
        queue_url: where Batch's events of the run's jobs arrive.
        definitions: ARNs of job definitions, by what they are for.
        machine_arn: a state machine that gives the jobs of its input to Sluice.
        shared_machine_arn: one whose jobs may share arrays, as their scripts vary.
        sample_machine_arn: one that runs one short job, as a workflow of a cohort.
        role_arn: of all of them.
        activity_arn: an Activity that nobody sends tasks to.
    """

    prefix: str
    queue_url: str
    definitions: Mapping[str, str]
    machine_arn: str
    shared_machine_arn: str
    sample_machine_arn: str
    role_arn: str
    activity_arn: str


@dataclass(frozen=True)
class Maker:
    """Makes things of a run.

    Attributes:
        aws: where.
        stack: whose queue, Activity and roles are used.
        prefix: of all names.
        undo: takes each thing away in the end.
    """

    aws: Aws
    stack: Stack
    prefix: str
    undo: ExitStack

    def make(self) -> Made:
        """Make everything."""
        definitions, role_arn = self._definitions(), self._role()
        return Made(
            prefix=self.prefix,
            queue_url=self._event_queue(),
            definitions=definitions,
            machine_arn=self._machine(self.prefix, role_arn, {"jobs.$": "$.jobs"}),
            shared_machine_arn=self._machine(
                f"{self.prefix}-shared", role_arn, {"jobs.$": "$.jobs", "vary": ["script"]}
            ),
            sample_machine_arn=self._machine(
                f"{self.prefix}-sample", role_arn, {"jobs": [self._sample_job(definitions)]}
            ),
            role_arn=role_arn,
            activity_arn=self._activity(),
        )

    def _definitions(self) -> dict[str, str]:
        """Register definitions that differ from the stack's own in image, command and size only."""
        batch = self.aws.client("batch")
        like = batch.describe_job_definitions(jobDefinitions=[self.stack.outputs["AlignJobDefinitionArn"]])
        container = _small(like["jobDefinitions"][0]["containerProperties"])
        forms: dict[str, dict[str, Any]] = {
            "script": {"containerProperties": {**container, "command": SCRIPT}},
            "literal": {"containerProperties": {**container, "command": LITERAL}},
            "no-image": {"containerProperties": {**container, "image": NO_IMAGE, "command": ["true"]}},
            THEIRS: {"containerProperties": {**container, "command": ["true"]}},
            "shared": {"containerProperties": _with_entry_point(), "platformCapabilities": ["EC2"]},
            "pair": {"ecsProperties": {"taskProperties": [_pair(container)]}},
        }
        made = {}
        for name, form in forms.items():
            answer = batch.register_job_definition(
                jobDefinitionName=self._name(name),
                type="container",
                **{"platformCapabilities": ["FARGATE"], **form},
            )
            made[name] = str(answer["jobDefinitionArn"])
            later(self.undo, batch.deregister_job_definition, jobDefinition=made[name])
        return made

    def _name(self, definition: str) -> str:
        """The name of a job definition; that of a stranger begins otherwise than what a stack may use."""
        return f"not-{self.prefix}" if definition == THEIRS else f"{self.prefix}-{definition}"

    def _sample_job(self, definitions: Mapping[str, str]) -> dict[str, Any]:
        return {
            "jobName": "sleep",
            "jobQueue": self.stack.outputs["JobQueueArn"],
            "jobDefinition": definitions["script"],
            "parameters": {"script": "sleep 5"},
        }

    def _role(self) -> str:
        """A role of the state machines; the Activity needs no permission."""
        iam, trust = self.aws.client("iam"), _trust("Service", "states.amazonaws.com")
        made = iam.create_role(RoleName=self.prefix, AssumeRolePolicyDocument=trust)
        later(self.undo, iam.delete_role, RoleName=self.prefix)
        return str(made["Role"]["Arn"])

    def _machine(self, name: str, role_arn: str, jobs: Mapping[str, object]) -> str:
        """A state machine of one task on the Activity."""
        task = {
            "Type": "Task",
            "Resource": self.stack.outputs["ActivityArn"],
            "Parameters": {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name", **jobs},
            "HeartbeatSeconds": 900,
            "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "MaxAttempts": 2}],
            "End": True,
        }
        states = self.aws.client("stepfunctions")
        made = states.create_state_machine(
            name=name, definition=json.dumps({"StartAt": "Run", "States": {"Run": task}}), roleArn=role_arn
        )
        arn = str(made["stateMachineArn"])
        later(self.undo, states.delete_state_machine, stateMachineArn=arn)
        return arn

    def _activity(self) -> str:
        states = self.aws.client("stepfunctions")
        arn = str(states.create_activity(name=self.prefix)["activityArn"])
        later(self.undo, states.delete_activity, activityArn=arn)
        return arn

    def _event_queue(self) -> str:
        """A queue that gets Batch's events of the stack's job queue, and of one on EC2 if it has one."""
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        url = str(sqs.create_queue(QueueName=self.prefix)["QueueUrl"])
        later(self.undo, sqs.delete_queue, QueueUrl=url)
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        pattern = {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job State Change"],
            "detail": {"jobQueue": self.stack.queues},
        }
        rule = events.put_rule(Name=self.prefix, EventPattern=json.dumps(pattern))["RuleArn"]
        later(self.undo, events.delete_rule, Name=self.prefix)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": POLICY_VERSION, "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events.put_targets(Rule=self.prefix, Targets=[{"Id": "queue", "Arn": arn}])
        later(self.undo, events.remove_targets, Rule=self.prefix, Ids=["queue"])
        return url


def make_caller_role(aws: Aws, name: str, undo: ExitStack) -> str:
    """Make a role that the caller may assume, and that may do nothing."""
    iam, trust = aws.client("iam"), _trust("AWS", f"arn:aws:iam::{aws.account}:root")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    later(undo, iam.delete_role, RoleName=name)
    return str(made["Role"]["Arn"])


def later(undo: ExitStack, call: Callable[..., object], **arguments: object) -> None:
    """Take something away at the end; what is gone already is no matter."""

    def take_away() -> None:
        with suppress(ClientError):
            call(**arguments)

    undo.callback(take_away)


def _trust(kind: str, who: str) -> str:
    statement = {"Effect": "Allow", "Principal": {kind: who}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": POLICY_VERSION, "Statement": [statement]})


def _small(container: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("executionRoleArn", "runtimePlatform", "networkConfiguration", "fargatePlatformConfiguration")
    needs = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": str(MEMORY_MIB)}]
    log = {"logConfiguration": container["logConfiguration"]} if "logConfiguration" in container else {}
    return {
        "image": IMAGE,
        "resourceRequirements": needs,
        **log,
        **{name: container[name] for name in kept if name in container},
    }


def _with_entry_point() -> dict[str, Any]:
    """A container on EC2 whose shell is the entry point of jobs that share arrays, without its comments."""
    lines = ENTRY_POINT.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": str(MEMORY_MIB)}]
    return {
        "image": IMAGE,
        "resourceRequirements": needs,
        "command": ["sh", "-c", text, "sluice-row", *SCRIPT],
    }


def _pair(container: Mapping[str, Any]) -> dict[str, Any]:
    """Two containers: the first ends well, the second, on which the job depends, with 4."""
    task = ("executionRoleArn", "runtimePlatform", "networkConfiguration")
    halves = [{"type": "VCPU", "value": "0.125"}, {"type": "MEMORY", "value": str(MEMORY_MIB // 2)}]
    each = {"image": IMAGE, "resourceRequirements": halves}
    if "logConfiguration" in container:
        each["logConfiguration"] = container["logConfiguration"]
    helper = {**each, "name": "helper", "essential": False, "command": ["true"]}
    main = {**each, "name": "main", "essential": True, "command": ["sh", "-c", "sleep 5; exit 4"]}
    return {"containers": [helper, main], **{name: container[name] for name in task if name in container}}
