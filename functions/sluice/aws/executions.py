"""The Executions port on botocore: executions of any workflow."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.aws.errors import translated
from sluice.cohorts.events import sample_end
from sluice.cohorts.redrives import HistoryEnd
from sluice.errors import AlreadyExistsError, RejectedError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from sluice.cohorts.model import SampleEnd


@dataclass(frozen=True)
class BotoExecutions:
    """Executions of workflows; implements cohorts.ports.Executions with a client that must not retry."""

    client: SFNClient

    def kind(self, workflow_arn: str) -> str:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html."""
        with translated():
            return self.client.describe_state_machine(stateMachineArn=workflow_arn)["type"]

    def start(self, workflow_arn: str, name: str, payload: str) -> None:
        """Starts an execution; its name can be used once in 90 days.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        with suppress(AlreadyExistsError), translated():
            self.client.start_execution(stateMachineArn=workflow_arn, name=name, input=payload)

    def redrive(self, execution_arn: str, token: str) -> None:
        """A token is known for 15 minutes after its first use.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
        """
        with translated():
            self.client.redrive_execution(executionArn=execution_arn, clientToken=token)

    def history_end(self, execution_arn: str) -> HistoryEnd:
        """The last two events: that of the end, and what led to it.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
        """
        with translated():
            answer = self.client.get_execution_history(
                executionArn=execution_arn, reverseOrder=True, maxResults=2, includeExecutionData=False
            )
        events = answer["events"]
        in_fail_state = any(event["type"] == "FailStateEntered" for event in events)
        return HistoryEnd(max((event["id"] for event in events), default=0), in_fail_state)

    def ended(self, execution_arn: str) -> SampleEnd | None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html."""
        with translated():
            said = self.client.describe_execution(executionArn=execution_arn)
        stopped = said.get("stopDate")
        stopped_at = round(stopped.timestamp() * 1000) if stopped else None
        return sample_end(execution_arn.rsplit(":", 1)[1], {**said, "stopDate": stopped_at})

    def stop(self, execution_arn: str, error: str) -> None:
        """Stops an execution; that one has ended meanwhile is no error.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
        """
        with suppress(RejectedError), translated():
            self.client.stop_execution(executionArn=execution_arn, error=error)
