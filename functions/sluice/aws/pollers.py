"""The ports of the pollers: their slots in the rate table, and their executions in Step Functions."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.aws.attributes import from_item, to_item
from sluice.aws.errors import translated
from sluice.errors import DoesNotExistError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class DynamoPollerSlots:
    """The numbers of the poller slots, in the rate table; implements ports.PollerSlots."""

    client: DynamoDBClient
    table: str

    def number(self, slot: int) -> int:
        """One read."""
        with translated():
            answer = self.client.get_item(TableName=self.table, Key=to_item({"name": f"slot-{slot}"}))
        return int(from_item(answer["Item"])["number"]) if "Item" in answer else 0

    def remember(self, slot: int, number: int) -> None:
        """One write, refused when a higher number is known."""
        with translated(), suppress(self.client.exceptions.ConditionalCheckFailedException):
            self.client.update_item(
                TableName=self.table,
                Key=to_item({"name": f"slot-{slot}"}),
                UpdateExpression="SET #number = :number",
                ConditionExpression="attribute_not_exists(#number) OR #number < :number",
                ExpressionAttributeNames={"#number": "number"},
                ExpressionAttributeValues=to_item({":number": number}),
            )


@dataclass(frozen=True)
class BotoPollerExecutions:
    """Executions of the activity poller; implements ports.PollerExecutions."""

    client: SFNClient
    state_machine_arn: str

    def status(self, name: str) -> str | None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html."""
        arn = self.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            with translated():
                return self.client.describe_execution(executionArn=arn)["status"]
        except DoesNotExistError:
            return None

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html."""
        with translated():
            self.client.start_execution(
                stateMachineArn=self.state_machine_arn, name=name, input=json.dumps(payload)
            )
