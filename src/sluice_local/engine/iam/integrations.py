"""State machines that may call what their role allows.

AWS: a Task state acts under its state machine's role,
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html; a refusal fails the state
with the service's own error, such as Lambda.AWSLambdaException. An activity needs no permission.

MiniStack 1.5.33: performs every call.

Fixed by asking before each.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.iam.needs import denial_error, state_needs
from sluice_local.engine.iam.roles import STATES, ActingRole
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.task_frame import current_frame


def install() -> None:
    """Ask the role of the state machine before each call of a service."""
    ministack.wrap("services.stepfunctions._invoke_resource", _asking)
    ministack.wrap("services.stepfunctions._invoke_with_callback", _asking)


def _asking(invoke: Private) -> Private:
    @functools.wraps(invoke)
    def ask(resource: str, task_input: Any, *more: Any) -> Any:
        arguments = task_input if isinstance(task_input, dict) else {}
        needs = state_needs(resource, arguments, request_scope())
        refusal = _role_of_the_execution().refusal(needs) if needs else None
        if refusal is not None:
            raise ministack.private("services.stepfunctions._ExecutionError")(denial_error(resource), refusal)
        return invoke(resource, task_input, *more)

    return ask


def _role_of_the_execution() -> ActingRole:
    # the children of a Distributed Map act under the role of its state machine
    machine_arn = current_frame().execution["stateMachineArn"].partition("/")[0]
    machine = ministack.private("services.stepfunctions._state_machines")[machine_arn]
    return ActingRole(machine["roleArn"], STATES, machine["name"])
