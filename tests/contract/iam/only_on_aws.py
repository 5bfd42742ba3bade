"""Permissions that only AWS itself can use, so that no run on one machine can show that they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ONLY_ON_AWS: Final[Mapping[tuple[str, str], str]] = {
    ("TracingPolicy", "xray:"): (
        "Lambda and Step Functions send their segments themselves: "
        "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html"
    ),
    ("JobExecutionRole", "logs:"): (
        "ECS writes the containers' logs: "
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    ),
    ("JobExecutionRole", "ecr:"): (
        "ECS pulls the image: "
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    ),
}
"""Why, by the policy's holder and the beginning of the action."""


def reason(holder: str, action: str) -> str | None:
    """Return why a permission can be used on AWS only; None if Local AWS can use it."""
    service = action.partition(":")[0] + ":"
    return ONLY_ON_AWS.get((holder, service))
