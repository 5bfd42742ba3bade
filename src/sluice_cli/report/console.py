"""Where AWS's console shows executions and logs; pure."""

from __future__ import annotations

from typing import Final

from sluice_cli.report.facts import Console

DOMAINS: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""By partition: https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html"""


def console_of(workflow_arn: str) -> Console | None:
    """The addresses for the executions of a state machine; None in a partition whose console is not known."""
    _, partition, _, region, account, _, name, *_ = workflow_arn.split(":")
    domain = DOMAINS.get(partition)
    if domain is None:
        return None
    place = f"https://{region}.{domain}"
    return Console(
        executions=f"{place}/states/home?region={region}#/v2/executions/details/",
        logs=f"{place}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/",
        execution_arns=f"arn:{partition}:states:{region}:{account}:execution:{name}:",
    )
