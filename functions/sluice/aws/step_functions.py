"""The ports on Step Functions: the Activity as a queue and its tasks' completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.aws.errors import translated
from sluice.tasks.model import ActivityTask, Succeeded

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from sluice.tasks.model import Outcome


@dataclass(frozen=True)
class BotoActivityQueue:
    """The Activity; implements ports.ActivityQueue with a client that must not retry."""

    client: SFNClient
    activity_arn: str
    worker_name: str

    def next_task(self) -> ActivityTask | None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html."""
        with translated():
            answer = self.client.get_activity_task(activityArn=self.activity_arn, workerName=self.worker_name)
        token = answer.get("taskToken")
        return ActivityTask(token=token, input=answer.get("input", "")) if token else None


@dataclass(frozen=True)
class BotoActivities:
    """The completion of activity tasks; implements ports.Activities."""

    client: SFNClient

    def complete(self, token: str, outcome: Outcome) -> None:
        """SendTaskSuccess or SendTaskFailure."""
        with translated(token):
            if isinstance(outcome, Succeeded):
                self.client.send_task_success(taskToken=token, output=outcome.output)
            else:
                self.client.send_task_failure(taskToken=token, error=outcome.error, cause=outcome.cause)

    def heartbeat(self, token: str) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskHeartbeat.html."""
        with translated(token):
            self.client.send_task_heartbeat(taskToken=token)
