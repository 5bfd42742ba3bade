"""Functions that may write logs.

AWS: a function's log is written with the function's role, which must allow logs:CreateLogStream and
logs:PutLogEvents on its log group; what is refused is lost without a word,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html.

MiniStack 1.5.33: writes every log.

Fixed by asking first. On AWS the group itself is made with logs:CreateLogGroup if it is not there; here it
is made in any case.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.iam.needs import Need
from sluice_local.engine.iam.roles import LAMBDA, ActingRole
from sluice_local.engine.ministack import Private


def install() -> None:
    """Ask a function's role before its log is written."""
    ministack.wrap("services.lambda_svc._emit_lambda_logs", _asking)


def _asking(emit: Private) -> Private:
    @functools.wraps(emit)
    def ask(function: dict[str, Any], *more: Any, **keywords: Any) -> None:
        config = function.get("config") or function
        role = ActingRole(config["Role"], LAMBDA, config["FunctionName"])
        if role.refusal(_needs(config)) is None:
            emit(function, *more, **keywords)

    return ask


def _needs(config: dict[str, Any]) -> tuple[Need, ...]:
    given = (config.get("LoggingConfig") or {}).get("LogGroup")
    group = given or f"/aws/lambda/{config['FunctionName']}"
    scope = request_scope()
    stream = (
        f"arn:aws:logs:{scope.region}:{scope.account}:log-group:{group}:log-stream:{config['FunctionName']}"
    )
    return Need("logs:CreateLogStream", stream), Need("logs:PutLogEvents", stream)
