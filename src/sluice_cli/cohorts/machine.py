"""Starts the state machine that starts a cohort's samples, and waits for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.errors import AwsError, CliError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice.cohorts.model import Cohort
    from sluice_cli.aws.ports import Api, Session
    from sluice_cli.aws.stack import Stack

LOOK_SECONDS: Final = 1.0
TRIES_MAX: Final = 10_000

SAID_IN_WORDS: Final = frozenset(
    {
        "CohortConflictError",
        "DeniedError",
        "InvalidEventError",
        "InvalidSheetError",
        "RejectedError",
        "WorkflowError",
    }
)
"""Errors of start_samples whose messages say everything."""


class NotStartedError(CliError):
    """Raised when the samples of a cohort could not be started."""

    exit_code = 3


@dataclass(frozen=True)
class Starting:
    """How far the starting of samples is: the cohort, if it is noted yet, and whether all are started."""

    cohort: Cohort | None
    is_over: bool


def start_machine(
    api: Api, stack: Stack, stem: str, request: Mapping[str, Any], *, known: Cohort | None
) -> str:
    """Starts the cohort's state machine, under the first name that was not used before; returns the ARN.

    A second call while the first one's execution runs finds that one: Step Functions takes a name twice only
    with the same input. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    After a cancel, what is asked for has other names: an execution from before it starts nothing more.
    """
    if known is not None and known.cancelled_at is not None:
        stem = f"{stem}-{known.cancelled_at}"
    text = json.dumps(request, sort_keys=True)
    for number in range(1, TRIES_MAX):
        try:
            answer = api.call(
                "stepfunctions",
                "start_execution",
                stateMachineArn=stack.output("CohortMachineArn"),
                name=f"{stem}-{number}",
                input=text,
            )
        except AwsError as error:
            if error.code != "ExecutionAlreadyExists":
                raise
        else:
            return str(answer["executionArn"])
    raise NotStartedError(f"{stem} was started {TRIES_MAX:,} times already.")


def watch_machine(
    api: Api, session: Session, stack: Stack, name: str, execution_arn: str
) -> Iterator[Starting]:
    """Looks on until all samples are started.

    Raises:
        NotStartedError: the state machine failed, or the cohort was cancelled; the message says why.
        AwsError: AWS refused a call.
    """
    while True:
        execution = api.call("stepfunctions", "describe_execution", executionArn=execution_arn)
        if execution["status"] not in {"RUNNING", "SUCCEEDED"}:
            raise NotStartedError(_why(name, execution))
        is_over = execution["status"] == "SUCCEEDED"
        if is_over and json.loads(execution.get("output") or "{}").get("cancelled"):
            raise NotStartedError(f"The samples of cohort {name} were not all started: it was cancelled.")
        yield Starting(cohorts_of(api, stack).cohort(name), is_over)
        if is_over:
            return
        session.sleep(LOOK_SECONDS)


def _why(name: str, execution: Mapping[str, Any]) -> str:
    error = execution.get("error") or execution["status"]
    name_of_error = "" if error in SAID_IN_WORDS else f"{error}: "
    try:
        says = json.loads(execution.get("cause") or "")["errorMessage"]
    except (KeyError, TypeError, ValueError):
        says = execution.get("cause") or "no reason was given"
    return f"The samples of cohort {name} were not all started: {name_of_error}{says}"
