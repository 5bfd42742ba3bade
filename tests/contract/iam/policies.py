"""The permissions that the deployed template grants, one by one, and how each is taken away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice_local.server import LocalAws

ALLOWS_NOTHING = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
"""A statement for a policy that would be empty, which IAM refuses; everybody may call this action anyhow:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

EVENTS = "events.amazonaws.com"


@dataclass(frozen=True)
class Grant:
    """One action on one resource, as a policy allows it.

    Attributes:
        holder: logical id of the role, managed policy or queue policy.
        action: such as `sqs:ReceiveMessage`.
        resource: ARN or pattern.
        principals: who is allowed: names of roles, or of a service.
    """

    holder: str
    action: str
    resource: str
    principals: tuple[str, ...]

    def covers(self, decision: Mapping[str, Any]) -> bool:
        """Whether this grant is what allowed a decision of the page `/_sluice/iam`."""
        return (
            decision["allowed"]
            and decision["principal"] in self.principals
            and decision["action"] == self.action
            and fnmatchcase(decision["resource"], self.resource)
        )


Statement = dict[str, Any]


def atoms(document: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a policy, one for each action and resource."""
    return [
        {**statement, "Action": action, "Resource": resource}
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    ]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def document_of(statements: list[Statement]) -> str:
    """Return the JSON text of a policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements or [ALLOWS_NOTHING]})


class Policy(Protocol):
    """Where a policy is kept."""

    @property
    def holder(self) -> str:
        """Logical id of what holds it."""

    @property
    def principals(self) -> tuple[str, ...]:
        """Whom it allows."""

    def read(self) -> dict[str, Any]:
        """Return the document that is in force."""

    def write(self, document: str) -> None:
        """Put another document in force."""


@dataclass(frozen=True)
class InlinePolicy:
    """A policy of a role."""

    iam: Any
    holder: str
    role: str
    name: str

    @property
    def principals(self) -> tuple[str, ...]:
        return (self.role,)

    def read(self) -> dict[str, Any]:
        return dict(self.iam.get_role_policy(RoleName=self.role, PolicyName=self.name)["PolicyDocument"])

    def write(self, document: str) -> None:
        self.iam.put_role_policy(RoleName=self.role, PolicyName=self.name, PolicyDocument=document)


@dataclass(frozen=True)
class ManagedPolicy:
    """A policy that several roles have attached."""

    iam: Any
    holder: str
    arn: str

    @property
    def principals(self) -> tuple[str, ...]:
        roles = self.iam.list_entities_for_policy(PolicyArn=self.arn)["PolicyRoles"]
        return tuple(role["RoleName"] for role in roles)

    def read(self) -> dict[str, Any]:
        version = self._version()
        found = self.iam.get_policy_version(PolicyArn=self.arn, VersionId=version)
        return dict(found["PolicyVersion"]["Document"])

    def write(self, document: str) -> None:
        """Put a new version in force and remove the one before: there may be five."""
        before = self._version()
        self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=document, SetAsDefault=True)
        self.iam.delete_policy_version(PolicyArn=self.arn, VersionId=before)

    def _version(self) -> str:
        return str(self.iam.get_policy(PolicyArn=self.arn)["Policy"]["DefaultVersionId"])


@dataclass(frozen=True)
class QueuePolicy:
    """The policy of a queue and of its dead-letter queue."""

    sqs: Any
    holder: str
    queue_urls: tuple[str, ...]

    @property
    def principals(self) -> tuple[str, ...]:
        return (EVENTS,)

    def read(self) -> dict[str, Any]:
        url = self.queue_urls[0]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        return dict(json.loads(found["Policy"]))

    def write(self, document: str) -> None:
        for url in self.queue_urls:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})


def grants(policy: Policy) -> list[Grant]:
    """Return all that a policy allows."""
    return [
        Grant(policy.holder, statement["Action"], statement["Resource"], policy.principals)
        for statement in atoms(policy.read())
    ]


def without(policy: Policy, grant: Grant) -> str:
    """Return the policy's document with one grant less."""
    kept = [
        statement
        for statement in atoms(policy.read())
        if (statement["Action"], statement["Resource"]) != (grant.action, grant.resource)
    ]
    return document_of(kept)


def deployed_policies(aws: LocalAws, resources: Mapping[str, tuple[str, str]]) -> Iterator[Policy]:
    """Give every policy of a stack.

    Args:
        aws: where the stack is deployed.
        resources: (type, physical id) by logical id.
    """
    iam, sqs = aws.client("iam"), aws.client("sqs")
    for holder, (kind, physical) in resources.items():
        if kind == "AWS::IAM::Role":
            for name in iam.list_role_policies(RoleName=physical)["PolicyNames"]:
                yield InlinePolicy(iam, holder, physical, name)
        elif kind == "AWS::IAM::ManagedPolicy":
            yield ManagedPolicy(iam, holder, physical)
        elif kind == "AWS::SQS::QueuePolicy":
            stem = holder.removesuffix("QueuePolicy")
            queues = (resources[f"{stem}Queue"][1], resources[f"{stem}DeadLetters"][1])
            yield QueuePolicy(sqs, holder, queues)
