"""Error names of Step Functions' own integrations, and the time that an expression may take.

AWS: a refused start is `Sfn.ExecutionAlreadyExistsException` from `aws-sdk:sfn:startExecution` (the SDK's
class name) and `StepFunctions.ExecutionAlreadyExistsException` from the optimised `states:startExecution`,
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html. An expression that is
evaluated longer than a second fails. Such calls count against the account's quotas like any other.

MiniStack 1.5.33: `Sfn.ExecutionAlreadyExists` and `ExecutionAlreadyExists`. It measures an expression's
second on the wall, so that valid expressions fail when a thousand executions share one machine.

Its own calls pass no quota.

Fixed by completing the names, by asking the gate, and by measuring the processor time of the expression's
own thread.
"""

import functools
import time
from typing import Any

from jsonata.timebox import Timebox  # type: ignore[import-untyped]  # it has no type annotations

from sluice_local.calls import ApiGate
from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private

_THROTTLED = "Rate exceeded (Status Code: 400; Error Code: ThrottlingException)"
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html#API_StartExecution_Errors
_REFUSALS = {
    "ExecutionAlreadyExists",
    "ExecutionLimitExceeded",
    "InvalidArn",
    "InvalidExecutionInput",
    "InvalidName",
    "StateMachineDeleting",
    "StateMachineDoesNotExist",
}


def install(engine: Engine) -> None:
    """Complete the error names, count the starts and measure expressions by processor time."""
    ministack.wrap("services.stepfunctions._prefix_sdk_error", _with_suffix)
    nested = functools.partial(_named_as_optimised, engine.gate)
    ministack.wrap("services.stepfunctions._invoke_nested_start_execution", nested)
    ministack.wrap("services.stepfunctions._invoke_nested_start_execution_sync", nested)
    ministack.wrap(
        "services.stepfunctions._invoke_aws_sdk_integration", functools.partial(_counted, engine.gate)
    )
    Timebox.current_milli_time = staticmethod(lambda: int(time.thread_time() * 1000))


def _with_suffix(prefix_sdk_error: Private) -> Private:
    @functools.wraps(prefix_sdk_error)
    def prefix(service_name: str, error_code: str) -> str:
        name: str = prefix_sdk_error(service_name, error_code)
        return f"{name}Exception" if name.startswith("Sfn.") and not name.endswith("Exception") else name

    return prefix


def _named_as_optimised(gate: ApiGate, start_nested: Private) -> Private:
    failure_type = ministack.private("services.stepfunctions._ExecutionError")

    @functools.wraps(start_nested)
    def start(resource: str, task_input: dict[str, Any]) -> Private:
        if not gate.admit("States.StartExecution"):
            raise failure_type("StepFunctions.AWSStepFunctionsException", _THROTTLED)
        try:
            return start_nested(resource, task_input)
        except failure_type as failure:
            raise failure_type(_optimised_name(failure.error), failure.cause) from failure

    return start


def _counted(gate: ApiGate, invoke_sdk: Private) -> Private:
    failure_type = ministack.private("services.stepfunctions._ExecutionError")

    @functools.wraps(invoke_sdk)
    def invoke(resource: str, task_input: Any) -> Private:
        action = resource.partition(":aws-sdk:sfn:")[2]
        if action and not gate.admit(f"States.{action[0].upper()}{action[1:]}"):
            raise failure_type("Sfn.SfnException", _THROTTLED)
        return invoke_sdk(resource, task_input)

    return invoke


def _optimised_name(error: str) -> str:
    """Only StartExecution's own refusals are renamed; a nested execution's error passes through."""
    return f"StepFunctions.{error}Exception" if error in _REFUSALS else error
