"""Tasks that a former version began: their tokens are their keys, in the table and in their jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from handle_job_status.app import note
from sluice.aws.tables.attributes import to_item
from sluice.aws.tables.task_items import intent
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.tasks.contract import parse_task
from sluice.tasks.model import TaskState, task_key
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.support.builders import World, detail, ended, job, job_event, task_text

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN = "AAAAKgAAAAIAAAAAAAAAAQ"
TEXT = task_text(job("align"))


@pytest.fixture(params=DYNAMODB_BACKENDS)
def store(request: pytest.FixtureRequest, unique: str) -> DynamoTaskStore:
    """A table with a task of a former version."""
    dynamodb = dynamodb_of(request.param, request)
    table = create_table(dynamodb, TEMPLATE, "TaskTable", name=unique)
    found = DynamoTaskStore(dynamodb, table, keep_days=1)
    task = parse_task(TOKEN, TEXT)
    item = to_item({**intent(task, TEXT, 1000), "taskToken": TOKEN})
    assert item.pop("token") == {"S": TOKEN}
    dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(taskToken)")
    return found


def told(world: World, events: Iterable[str]) -> None:
    """handle_job_status hears of these events."""
    for event in events:
        for _ in note(event, world.completer, world.telemetry, world.members):
            pass


def former_event() -> str:
    """The end of a job that was submitted by a former version."""
    parameters = {"taskToken": TOKEN, "taskJob": "align"}
    event = {"detail-type": "Batch Job State Change", "detail": detail("job-0", parameters=parameters)}
    return json.dumps(event)


def test_its_workflow_is_told_of_the_end_of_its_job(store: DynamoTaskStore) -> None:
    world = World(store=store)  # type: ignore[arg-type] # the real one
    told(world, [former_event()])
    assert list(world.activities.outcomes) == [TOKEN]
    read = store.read(TOKEN)
    assert read is not None
    assert (read.state, read.task.key, read.task.token) == (TaskState.SUCCEEDED, TOKEN, TOKEN)


def test_it_gets_its_heartbeats_and_stays_under_its_key(store: DynamoTaskStore) -> None:
    (due,) = store.due_tasks(5000)
    assert (due.key, due.token) == (TOKEN, TOKEN)
    claimed = store.claim(due, 5000)
    assert claimed is not None
    assert claimed.task.keyed_by_token
    with_all = replace(ended("align", "job-0"), attempt_details="[]", document="{}")
    noted = store.note_job(TOKEN, with_all)
    assert noted.changed
    assert noted.record is not None
    # its item may be so full that no more is kept of its jobs than the former version kept
    assert noted.record.jobs["align"] == replace(with_all, attempt_details=None, document=None)


def test_a_task_of_this_version_is_told_by_its_key_alone(store: DynamoTaskStore) -> None:
    world = World(store=store)  # type: ignore[arg-type] # the real one
    store.put_intent(parse_task("another", TEXT), TEXT, 2000)
    told(world, [job_event("another", "align", detail("job-1"))])
    assert list(world.activities.outcomes) == ["another"]
    assert store.read("another") is None
    assert store.read(task_key("another")) is not None
