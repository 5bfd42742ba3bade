"""The TaskStore port on DynamoDB: every change is one conditional write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from sluice.aws.tables.attributes import from_item, to_item
from sluice.aws.tables.table import KEYS_MAX, Table
from sluice.aws.tables.task_items import (
    BRIEF,
    EVER_MS,
    KEY,
    OPEN,
    SECONDS_A_DAY,
    TOKEN,
    TROUBLE_ATTRIBUTES,
    UNSETTLED,
    entries,
    intent,
    job_values,
    partition_of,
    partitions_of,
    read_open_task,
    read_open_try,
    read_task,
    token_of,
)
from sluice.tasks.model import FAILED, SUCCEEDED, Noted, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

    from sluice.tasks.model import JobRecord, OpenTask, OpenTry, Task, TaskRecord

BY_EXECUTION: Final = "ByExecution"
OPEN_BY_EXECUTION: Final = "OpenByExecution"

NOT_ENDED: Final = (
    "attribute_not_exists(jobs.#name.#status) OR NOT jobs.#name.#status IN (:succeeded, :failed)"
)

HAS_ROOM: Final = f"(attribute_not_exists({BRIEF}) AND attribute_exists(#token))"
"""True of an item with room for all that is kept of a job. A former version, which had no tokens beside keys,
kept less, and did not mark the items without room."""


@dataclass(frozen=True)
class DynamoTaskStore:
    """The task table; implements ports.TaskStore. Closed tasks are deleted after `keep_days`."""

    client: DynamoDBClient
    table: str
    keep_days: int

    def read(self, key: str) -> TaskRecord | None:
        """A consistent read."""
        answer = self._table.get(to_item({KEY: key}), key)
        return read_task(answer["Item"]) if "Item" in answer else None

    def put_intent(self, task: Task, text: str, now_ms: int) -> bool:
        """One write, which botocore may repeat; a task that is known already stays as it is.

        A repetition that comes late finds its own item, with all that was noted in it since.
        """
        writer = uuid4().hex
        item, written = self._table.put_new(
            to_item({**intent(task, text, now_ms), "writer": writer}),
            f"attribute_not_exists({KEY})",
            task.token,
        )
        return written or (item is not None and from_item(item).get("writer") == writer)

    def record_submitted(self, key: str, job_ids: Mapping[str, str]) -> TaskRecord | None:
        """One write for all of a task's jobs; a status that came earlier by event stays."""
        names = {"#j": "jobs", "#i": "jobId", **{f"#{index}": name for index, name in enumerate(job_ids)}}
        values = {f":{index}": job_id for index, job_id in enumerate(job_ids.values())}
        # as short as can be: those of 100 jobs must fit into an expression of 4 KB
        sets = [f"#j.#{index}.#i=if_not_exists(#j.#{index}.#i,:{index})" for index in range(len(job_ids))]
        item, _ = self._update(
            key,
            f"SET {','.join(sets)} REMOVE {','.join(TROUBLE_ATTRIBUTES)}",
            names=names,
            values=values,
            condition=f"attribute_exists({KEY})",
        )
        return read_task(item) if item else None

    def note_trouble(self, key: str, job_name: str, answer: str, now_ms: int) -> TaskRecord | None:
        """One write; one that botocore repeats may count twice."""
        item, _ = self._update(
            key,
            "SET #job = :job, lastAnswer = :answer, failingSince = if_not_exists(failingSince, :now)"
            " ADD submitFailures :one",
            names={"#job": "failingJob"},
            values={":job": job_name, ":answer": answer, ":now": now_ms, ":one": 1},
            condition=f"attribute_exists({KEY})",
        )
        return read_task(item) if item else None

    def note_missing(self, key: str, job_name: str, now_ms: int) -> None:
        """One write."""
        self._update(
            key,
            "SET jobs.#name.missingAt = :now",
            names={"#name": job_name, "#status": "status"},
            values={":now": now_ms, ":succeeded": SUCCEEDED, ":failed": FAILED},
            condition="attribute_exists(jobs.#name) AND attribute_not_exists(jobs.#name.missingAt)"
            f" AND ({NOT_ENDED})",
        )

    def note_job(self, key: str, job: JobRecord) -> Noted:
        """One write, two if there is no room for all; refused when the job has ended or is not its own."""
        item, changed = self._note(key, job, HAS_ROOM)
        if item and (BRIEF in item or TOKEN not in item):
            bare = replace(job, attempt_details=None, document=None)
            item, changed = self._note(key, bare, f"NOT {HAS_ROOM}")
        record = read_task(item) if item else None
        return Noted(record if record and job.name in record.jobs else None, changed)

    def _note(self, key: str, job: JobRecord, room: str) -> tuple[Mapping[str, Any] | None, bool]:
        same_job = "attribute_not_exists(jobs.#name.jobId) OR jobs.#name.jobId = :id"
        return self._update(
            key,
            "SET jobs.#name = :job",
            names={"#name": job.name, "#status": "status", "#token": TOKEN},
            values={":job": job_values(job), ":id": job.job_id, ":succeeded": SUCCEEDED, ":failed": FAILED},
            condition=f"attribute_exists(jobs.#name) AND ({NOT_ENDED}) AND ({same_job}) AND {room}",
        )

    def close(self, key: str, state: TaskState, now_ms: int, *, settle_from_ms: int | None) -> bool:
        """One write; it moves the task to the other line of the index, or out of it, to be deleted later.

        The item of a former version that ended unsettled stands in the line of the open ones.
        """
        values: dict[str, Any] = {":state": state.value, ":now": now_ms, ":was": TaskState.OPEN.value}
        if settle_from_ms is None:
            moves = ", expiresAt = :expires REMOVE #open, openExecution"
            values |= {":expires": self._expires_at(now_ms)}
        else:
            moves = ", #open = :unsettled, heartbeatAt = :from REMOVE openExecution"
            values |= {":unsettled": partition_of(UNSETTLED, key), ":from": settle_from_ms}
        _, changed = self._update(
            key,
            "SET #state = :state, closedAt = :now" + moves,
            names={"#state": "state", "#open": "open"},
            values={**values, ":open": OPEN},
            condition="#state = :was OR (#state = :state AND begins_with(#open, :open))",
        )
        return changed

    def settle(self, key: str, now_ms: int) -> None:
        """One write; it takes the task out of the index, to be deleted later."""
        self._update(
            key,
            "SET expiresAt = :expires REMOVE #open",
            names={"#state": "state", "#open": "open"},
            values={":expires": self._expires_at(now_ms), ":was": TaskState.OPEN.value},
            condition="attribute_exists(#open) AND #state <> :was",
        )

    def claim(self, task: OpenTask, now_ms: int) -> TaskRecord | None:
        """One write that botocore may repeat; of reconcilers that saw one heartbeat, one gets the task."""
        # the item of a former version is not in the index of open tasks by execution yet
        return self._claim(task, OPEN, now_ms, ", openExecution = executionArn")

    def claim_unsettled(self, task: OpenTask, again_ms: int) -> TaskRecord | None:
        """One write, as `claim`."""
        return self._claim(task, UNSETTLED, again_ms)

    def of_execution(self, execution_arn: str) -> list[TaskRecord]:
        """A query of the index of open tasks, then a consistent read of each."""
        keys = self._keys(OPEN_BY_EXECUTION, "openExecution", execution_arn)
        records = [self.read(key) for key in keys]
        return [record for record in records if record is not None and record.state is TaskState.OPEN]

    def open_tries(self, execution_arn: str, state_name: str) -> list[OpenTry]:
        """A query of the index of open tasks."""
        found = self._table.pages(
            "query",
            IndexName=OPEN_BY_EXECUTION,
            KeyConditionExpression="openExecution = :arn AND stateName = :state",
            values={":arn": execution_arn, ":state": state_name},
        )
        return [read_open_try(entry) for entry in found]

    def history(self, execution_arns: Sequence[str]) -> list[TaskRecord]:
        """A query of the index an execution, then a read for every 100 tasks."""
        keys = [key for arn in execution_arns for key in self._keys(BY_EXECUTION, "executionArn", arn)]
        return sorted(map(read_task, self._items(keys)), key=lambda record: record.created_at)

    def count_open(self) -> int:
        """A query of each partition of the sparse index, which sends no entries."""
        return sum(self._table.count(**entries(each, EVER_MS)) for each in partitions_of(OPEN))

    def open_tasks(self, most: int) -> list[TaskRecord]:
        """Queries of the sparse index, then a read for every 100 tasks."""
        keys = [task.key for task in islice(self._line(OPEN, EVER_MS), most)]
        return list(map(read_task, self._items(keys)))

    def due_tasks(self, before_ms: int) -> Iterator[OpenTask]:
        """A query of each partition of the sparse index, a page at a time, and a read for every 100 tokens.

        A task that is claimed meanwhile leaves the range of the query, so that the pages neither skip
        nor repeat one; an entry of the index that lags behind is refused by `claim`.
        """
        line = self._line(OPEN, before_ms)
        while some := list(islice(line, KEYS_MAX)):
            tokens = dict(self._tokens([task.key for task in some]))
            yield from (replace(task, token=tokens[task.key]) for task in some if task.key in tokens)

    def due_records(self, after_ms: int, before_ms: int) -> Iterator[OpenTask]:
        """As `due_tasks`, with reads that may lag; a read unit buys as much of an item as its token."""
        line = self._line(OPEN, before_ms, after_ms)
        while some := list(islice(line, KEYS_MAX)):
            records = {each.task.key: each for each in map(read_task, self._items([t.key for t in some]))}
            yield from (
                replace(task, token=records[task.key].task.token, record=records[task.key])
                for task in some
                if task.key in records
            )

    def unsettled_tasks(self, now_ms: int) -> Iterator[OpenTask]:
        """A query of the same index, as `due_tasks`."""
        return self._line(UNSETTLED, now_ms)

    def _line(self, line: str, before_ms: int, after_ms: int = -1) -> Iterator[OpenTask]:
        found = [self._partition(each, before_ms, after_ms) for each in partitions_of(line)]
        return merge(*found, key=lambda task: task.heartbeat_at)

    def _partition(self, partition: str, before_ms: int, after_ms: int) -> Iterator[OpenTask]:
        if after_ms >= before_ms:
            return iter(())
        found = self._table.pages("query", **entries(partition, before_ms, after_ms))
        return (read_open_task(entry) for entry in found)

    def _claim(self, task: OpenTask, line: str, next_ms: int, sets: str = "") -> TaskRecord | None:
        values: dict[str, Any] = {":next": next_ms, ":seen": task.heartbeat_at, ":line": line}
        item, changed = self._update(
            task.key,
            "SET heartbeatAt = :next, writer = :writer, #open = :open" + sets,
            names={"#open": "open"},
            values={**values, ":open": partition_of(line, task.key), ":writer": uuid4().hex},
            condition="begins_with(#open, :line) AND (heartbeatAt = :seen OR writer = :writer)",
        )
        return read_task(item) if changed and item else None

    def _expires_at(self, now_ms: int) -> int:
        return now_ms // 1000 + self.keep_days * SECONDS_A_DAY

    def _keys(self, index: str, attribute: str, execution_arn: str) -> Iterator[str]:
        found = self._table.pages(
            "query",
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :arn",
            values={":arn": execution_arn},
        )
        return (from_item(entry)[KEY] for entry in found)

    def _tokens(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The tokens of tasks by their keys."""
        names = {"#key": KEY, "#token": TOKEN}
        for item in self._items(keys, ProjectionExpression="#key, #token", ExpressionAttributeNames=names):
            values = from_item(item)
            yield values[KEY], token_of(values)

    def _items(self, keys: Sequence[str], **shown: Any) -> Iterator[Mapping[str, Any]]:
        return self._table.items([to_item({KEY: key}) for key in keys], *keys, **shown)

    def _update(
        self,
        key: str,
        expression: str,
        *,
        names: Mapping[str, str],
        values: Mapping[str, Any],
        condition: str,
    ) -> tuple[Mapping[str, Any] | None, bool]:
        own = to_item({KEY: key})
        return self._table.update(own, expression, key, condition=condition, values=values, names=names)

    @property
    def _table(self) -> Table:
        return Table(self.client, self.table)
