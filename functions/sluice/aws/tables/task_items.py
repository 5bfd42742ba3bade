"""Task items: how a task and the state of its jobs are written into DynamoDB, and read back."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.attributes import from_item
from sluice.tasks.model import JobRecord, OpenTask, OpenTry, Place, TaskRecord, TaskState, Trouble
from sluice.tasks.parsing import InvalidTaskError, build_task, task_of
from sluice.tasks.submission import jobs_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import Task

BRIEF: Final = "brief"
"""Marks an item in which little is kept of the jobs, as there is no room for more beside its input."""

ROOMY_INPUT: Final = 150 * 1024
"""Bytes of an input beside which all that may be kept of a task's jobs fits into an item of 400 KB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

KEY: Final = "taskToken"
"""The table's key attribute, which holds the task's key. A former version named it and kept tokens there; no
deployment renames the key of a table."""

TOKEN: Final = "token"  # noqa: S105 - the name of an attribute

SECONDS_A_DAY: Final = 86_400

OPEN: Final = "OPEN"
"""Begins the partitions of the sparse index in which open tasks stand by their last heartbeats."""

UNSETTLED: Final = "UNSETTLED"
"""Begins those of ended tasks that are still to be settled, by when; a settled task has no such attribute."""

PARTITIONS: Final = 8
"""A partition takes 1,000 write units a second, and a former version's entry with the longest token needs 3.
Each second may bring 500 tasks from GetActivityTask, 500 ends, and 250 heartbeats; those that move an entry
write it twice: 6,000 units at the very most, so that eight partitions are three quarters full.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

OPEN_BY_HEARTBEAT: Final = "OpenByHeartbeat"

EVER_MS: Final = 2**53
"""Later than any heartbeat, also one by a clock that is ahead of this one."""

JOB_ATTRIBUTES: Final = {
    "job_id": "jobId",
    "status": "status",
    "attempts": "attempts",
    "created_at": "createdAt",
    "started_at": "startedAt",
    "stopped_at": "stoppedAt",
    "exit_code": "exitCode",
    "log_stream_name": "logStreamName",
    "error": "error",
    "reason": "reason",
    "status_reason": "statusReason",
    "attempt_details": "attemptDetails",
    "document": "document",
    "missing_at": "missingAt",
}


TROUBLE_ATTRIBUTES: Final = ("failingJob", "submitFailures", "failingSince", "lastAnswer")
"""They are there together, or none of them."""


def partition_of(line: str, key: str) -> str:
    """The partition of the line of OPEN or UNSETTLED tasks in which a task stands."""
    return f"{line}-{sha256(key.encode()).digest()[0] % PARTITIONS}"


def partitions_of(line: str) -> tuple[str, ...]:
    """All partitions of a line. A former version had one alone; a task leaves it with its next heartbeat."""
    return (line, *(f"{line}-{number}" for number in range(PARTITIONS)))


def entries(partition: str, before_ms: int, after_ms: int = -1) -> dict[str, Any]:
    """A query's arguments for a partition's tasks with heartbeats after the one time and by the other."""
    return {
        "IndexName": OPEN_BY_HEARTBEAT,
        "KeyConditionExpression": "#open = :open AND heartbeatAt BETWEEN :after AND :before",
        "ExpressionAttributeNames": {"#open": "open"},
        "values": {":open": partition, ":after": after_ms + 1, ":before": before_ms},
    }


def intent(task: Task, text: str, now_ms: int) -> dict[str, Any]:
    """The values of a new task's item: everything that is needed to submit it later on."""
    # the indexes take no empty key, and one that all such tasks had would be a crowded partition
    execution = task.execution_arn or f"unknown:{task.key[:16]}"
    return {
        KEY: task.key,
        TOKEN: task.token,
        "state": TaskState.OPEN.value,
        "open": partition_of(OPEN, task.key),
        "executionArn": execution,
        "openExecution": execution,
        "stateName": task.state_name,
        "jobsDigest": jobs_digest(task),
        "input": text,
        "jobs": {job.name: {} for job in task.jobs},
        "createdAt": now_ms,
        "heartbeatAt": now_ms,
        **({} if len(text.encode(errors="replace")) <= ROOMY_INPUT else {BRIEF: 1}),
    }


def job_values(job: JobRecord) -> dict[str, Any]:
    """The attributes of one job's map; what is unknown is left out."""
    known = asdict(job)
    return {name: known[key] for key, name in JOB_ATTRIBUTES.items() if known[key] is not None}


def read_task(item: Mapping[str, Any]) -> TaskRecord:
    """Reads a whole item; one whose input somebody has spoilt makes a record with a fault."""
    values = from_item(item)
    task, fault = _read_input(values)
    return TaskRecord(
        task=task,
        state=TaskState(values["state"]),
        jobs={name: _read_job(name, attributes) for name, attributes in values["jobs"].items()},
        created_at=int(values["createdAt"]),
        heartbeat_at=int(values["heartbeatAt"]),
        fault=fault,
        trouble=_read_trouble(values),
        place=Place(values["arrayId"], int(values["arrayIndex"])) if "arrayId" in values else None,
        array_ended_at=int(values["arrayEndedAt"]) if "arrayEndedAt" in values else None,
    )


def read_open_task(item: Mapping[str, Any]) -> OpenTask:
    """Reads an entry of the index of open tasks."""
    values = from_item(item)
    return OpenTask(values[KEY], int(values["createdAt"]), int(values["heartbeatAt"]))


def read_open_try(item: Mapping[str, Any]) -> OpenTry:
    """Reads an entry of the index of open tasks by execution; a former version noted no digest."""
    values = from_item(item)
    return OpenTry(values[KEY], values.get("jobsDigest", ""))


def _read_input(values: Mapping[str, Any]) -> tuple[Task, str | None]:
    try:
        task, fault = build_task(token_of(values), values["input"]), None
    except InvalidTaskError as error:
        named = {name: values[name] for name in ("executionArn", "stateName")}
        jobs = [{"jobName": name} for name in values["jobs"]]
        task, fault = task_of(token_of(values), {**named, "jobs": jobs}), str(error)
    return replace(task, keyed_by_token=TOKEN not in values), fault


def token_of(values: Mapping[str, Any]) -> str:
    """The token of an item; a former version had no other key."""
    return str(values.get(TOKEN, values[KEY]))


def _read_trouble(values: Mapping[str, Any]) -> Trouble | None:
    if "submitFailures" not in values:
        return None
    job_name, failures, since, answer = (values[name] for name in TROUBLE_ATTRIBUTES)
    return Trouble(job_name, int(failures), int(since), answer)


def _read_job(name: str, attributes: Mapping[str, Any]) -> JobRecord:
    known = {
        key: attributes[attribute] for key, attribute in JOB_ATTRIBUTES.items() if attribute in attributes
    }
    values: dict[str, Any] = {key: v if isinstance(v, str) else int(v) for key, v in known.items()}
    return JobRecord(name=name, **values)
