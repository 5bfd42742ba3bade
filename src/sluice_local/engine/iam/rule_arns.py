"""What IAM calls an EventBridge rule.

AWS: a rule of the default bus is `rule/<name>`, one of another bus `rule/<bus>/<name>`,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html.

MiniStack 1.5.33: asks for `rule/default/<name>`, though it calls the rule itself as AWS does.

Fixed by asking for the rule by its own ARN.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private


def install() -> None:
    """Ask for a rule of the default bus as AWS does."""
    ministack.wrap("core.iam_evaluator.enforce", _asking_by_arn)


def _asking_by_arn(enforce: Private) -> Private:
    @functools.wraps(enforce)
    def ask(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Private:
        if service == "events":
            resource_arn = resource_arn.replace(":rule/default/", ":rule/", 1)
        return enforce(access_key, action, service, region, resource_arn=resource_arn, **context)

    return ask
