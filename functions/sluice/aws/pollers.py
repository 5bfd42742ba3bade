"""The ports of the pollers: their slots in the rate table, and their executions in Step Functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.errors import translated
from sluice.aws.tables.attributes import from_item, to_item
from sluice.aws.tables.table import Table
from sluice.errors import DoesNotExistError
from sluice.pollers.ports import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_stepfunctions import SFNClient

NAMES: Final = {"#number": "number"}


@dataclass(frozen=True)
class DynamoPollerSlots:
    """The numbers of a stack's poller slots, in the rate table; implements ports.PollerSlots.

    Other stacks may use the same table.
    """

    client: DynamoDBClient
    table: str
    stack_name: str

    def read(self, slot: int) -> Slot:
        """One read."""
        with translated():
            answer = self.client.get_item(TableName=self.table, Key=self._key(slot))
        return _slot(answer.get("Item", {}))

    def wake(self, slot: int, now_ms: int) -> Slot:
        """One write."""
        item, _ = self._table.update(
            self._key(slot), "SET wokenAt = :now", condition=None, values={":now": now_ms}
        )
        return _slot(item or {})

    def rest(self, slot: int, number: int, *, since_ms: int) -> bool:
        """One write, which a wake-up since then refuses."""
        return self._write(
            slot,
            "SET resting = :number",
            "attribute_not_exists(wokenAt) OR wokenAt < :since",
            {":number": number, ":since": since_ms},
            names={},
        )

    def remember(self, slot: int, number: int) -> None:
        """One write, refused when a higher number is known."""
        self._write(
            slot,
            "SET #number = :number REMOVE takenAt",
            "attribute_not_exists(#number) OR #number < :number",
            {":number": number},
        )

    def mark_taken(self, slot: int, seen: Slot, number: int, now_ms: int) -> bool:
        """One write; of those that saw the same, one succeeds."""
        known = "#number = :seen" if seen.number else "(attribute_not_exists(#number) OR #number = :seen)"
        marked = "attribute_not_exists(takenAt)" if seen.taken_at is None else "takenAt = :marked"
        values = {":number": number, ":now": now_ms, ":seen": seen.number}
        if seen.taken_at is not None:
            values[":marked"] = seen.taken_at
        return self._write(slot, "SET #number = :number, takenAt = :now", f"{known} AND {marked}", values)

    def _write(
        self,
        slot: int,
        expression: str,
        condition: str,
        values: Mapping[str, int],
        *,
        names: Mapping[str, str] = NAMES,
    ) -> bool:
        """False if the condition did not hold."""
        key = self._key(slot)
        return self._table.update(key, expression, condition=condition, values=values, names=names)[1]

    @property
    def _table(self) -> Table:
        return Table(self.client, self.table)

    def _key(self, slot: int) -> dict[str, Any]:
        return to_item({"name": f"{self.stack_name}/slot-{slot}"})


def _slot(item: Mapping[str, Any]) -> Slot:
    values = from_item(item)
    number, taken_at, resting = (values.get(name) for name in ("number", "takenAt", "resting"))
    return Slot(
        0 if number is None else int(number),
        taken_at=None if taken_at is None else int(taken_at),
        resting=None if resting is None else int(resting),
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
