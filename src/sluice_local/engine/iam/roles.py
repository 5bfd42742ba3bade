"""Whether a role may do what the engine does in its name.

AWS: a service that acts for its user does so in a session of a role that trusts the service, and needs the
role's permissions, https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html.

MiniStack 1.5.33: asks nobody when one of its services calls another.

Fixed by asking its own evaluator; the fixes of the several services say when.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.credentials import session_environment
from sluice_local.engine.iam.needs import Need

STATES = "states.amazonaws.com"
LAMBDA = "lambda.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"
TASKS = "ecs-tasks.amazonaws.com"


@dataclass(frozen=True)
class ActingRole:
    """A role, and the service that acts in its name.

    Attributes:
        arn: the role's ARN.
        service: service principal, such as `states.amazonaws.com`.
        session_name: what a refusal calls the session.
    """

    arn: str
    service: str
    session_name: str

    def refusal(self, needs: Iterable[Need]) -> str | None:
        """Return why one of `needs` is refused, in AWS's words; None if all are allowed."""
        if not self.trusted():
            return f"{self.service} is not authorized to assume the role {self.arn}"
        key = session_environment(self.arn, self.session_name)["AWS_ACCESS_KEY_ID"]
        return next((text for text in (self._refused(key, need) for need in needs) if text), None)

    def trusted(self) -> bool:
        """Return whether the role exists and trusts the service."""
        account_id, name = self.arn.split(":")[4], self.arn.rpartition("/")[2]
        role = ministack.private("services.iam._roles").get_scoped(account_id, None, name)
        names_service = ministack.private("core.iam_evaluator._service_principal_matches")
        return any(
            statement["Effect"] == "Allow" and names_service(statement["Principal"], self.service)
            for statement in _statements(role["AssumeRolePolicyDocument"] if role else "{}")
        )

    def _refused(self, access_key: str, need: Need) -> str | None:
        # looked up at each call, because other fixes replace it
        enforce = ministack.private("core.iam_evaluator.enforce")
        service, region = need.action.partition(":")[0], ministack.private("core.responses.get_region")()
        denied = enforce(access_key, need.action, service, region, resource_arn=need.resource)
        if denied is None:
            return None
        principal = ministack.private("services.sts._sessions")[access_key]["Arn"]
        return (
            f"User: {principal} is not authorized to perform: {need.action} on resource: {need.resource} "
            f"because no identity-based policy allows the {need.action} action"
        )


def _statements(document: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy that may be text, and may have one statement only."""
    policy: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]
