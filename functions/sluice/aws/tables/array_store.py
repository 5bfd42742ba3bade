"""The ArrayStore port on DynamoDB: arrays are items of the task table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.arrays.ports import Array
from sluice.arrays.shape import array_name
from sluice.aws.tables.attributes import from_item, to_item
from sluice.aws.tables.table import Table
from sluice.aws.tables.task_items import KEY, SECONDS_A_DAY
from sluice.aws.tables.transactions import Transactions
from sluice.tasks.model import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

    from sluice.arrays.groups import Member

LONGEST_DAYS: Final = 366
"""No execution, and so no task, lasts longer than a year.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

LEAST: Final = 2


@dataclass(frozen=True)
class DynamoArrayStore:
    """Arrays beside the tasks; implements ports.ArrayStore. They are deleted when no task can need them."""

    client: DynamoDBClient
    table: str
    keep_days: int
    sleep: Callable[[float], None]

    @property
    def _items(self) -> Table:
        return Table(self.client, self.table)

    def seal(self, array_id: str, members: Sequence[Member], now_ms: int) -> list[Member]:
        """One transaction, and another one if some of the members are not their owner's any more."""

        def actions(kept: Sequence[Member]) -> list[Any]:
            if len(kept) < LEAST:
                return []
            places = [self._place(array_id, index, member) for index, member in enumerate(kept)]
            return [self._put(array_id, kept, now_ms), *places]

        written = Transactions(self.client, self.sleep).write(members, actions)
        return written.held if written else []

    def read(self, array_id: str) -> Array | None:
        """A consistent read."""
        answer = self._items.get(_key(array_id))
        return _read(array_id, answer["Item"]) if "Item" in answer else None

    def decide(self, array_id: str, job_id: str | None) -> Array | None:
        """One write."""
        item, _ = self._items.update(
            _key(array_id),
            "SET dissolved = :said" if job_id is None else "SET jobId = :said",
            condition=f"attribute_exists({KEY}) AND attribute_not_exists(jobId)"
            " AND attribute_not_exists(dissolved)",
            values={":said": 1 if job_id is None else job_id},
        )
        return _read(array_id, item) if item else None

    def note_ended(self, array: Array, now_ms: int) -> int:
        """A read for all, and a write for each that is open."""
        keys = [to_item({KEY: key}) for key in array.keys.values()]
        shown = {"ProjectionExpression": "#key, #state", "ConsistentRead": True}
        found = self._items.items(keys, **shown, ExpressionAttributeNames={"#key": KEY, "#state": "state"})
        states = [from_item(item) for item in found]
        is_open = [values[KEY] for values in states if values["state"] == TaskState.OPEN]
        for key in is_open:
            self._items.update(
                to_item({KEY: key}),
                "SET arrayEndedAt = if_not_exists(arrayEndedAt, :now)",
                condition="#state = :open AND arrayId = :array",
                values={":now": now_ms, ":open": TaskState.OPEN.value, ":array": array.array_id},
                names={"#state": "state"},
            )
        return len(is_open)

    def _put(self, array_id: str, members: Sequence[Member], now_ms: int) -> dict[str, Any]:
        shape = members[0].row.shape
        item = {
            KEY: _name(array_id),
            "jobQueue": shape.job_queue,
            "batchName": array_name(shape.job_name, array_id),
            "jobName": shape.job_name,
            "members": {str(index): each.record.task.key for index, each in enumerate(members)},
            "createdAt": now_ms,
            "expiresAt": now_ms // 1000 + (self.keep_days + LONGEST_DAYS) * SECONDS_A_DAY,
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(item),
                "ConditionExpression": f"attribute_not_exists({KEY})",
            }
        }

    def _place(self, array_id: str, index: int, member: Member) -> dict[str, Any]:
        """The place of a member, whose task must be as its owner last saw it."""
        record = member.record
        values = {
            ":array": array_id,
            ":index": index,
            ":open": TaskState.OPEN.value,
            ":seen": record.heartbeat_at,
        }
        return {
            "Update": {
                "TableName": self.table,
                "Key": to_item({KEY: record.task.key}),
                "UpdateExpression": "SET arrayId = :array, arrayIndex = :index",
                "ConditionExpression": "#state = :open AND heartbeatAt = :seen"
                " AND attribute_not_exists(jobs.#name.jobId)",
                "ExpressionAttributeNames": {"#state": "state", "#name": member.row.shape.job_name},
                "ExpressionAttributeValues": to_item(values),
            }
        }


def _name(array_id: str) -> str:
    """The key of an array's item; no task's key has a colon."""
    return f"array:{array_id}"


def _key(array_id: str) -> dict[str, Any]:
    return to_item({KEY: _name(array_id)})


def _read(array_id: str, item: Mapping[str, Any]) -> Array:
    values = from_item(item)
    return Array(
        array_id=array_id,
        job_queue=values["jobQueue"],
        batch_name=values["batchName"],
        job_name=values["jobName"],
        keys={int(index): key for index, key in values["members"].items()},
        job_id=values.get("jobId"),
        dissolved="dissolved" in values,
    )
