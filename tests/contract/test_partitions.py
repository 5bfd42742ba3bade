"""The stores where a partition takes 1,000 write units a second, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.cohorts.blocks import launch_blocks
from sluice.cohorts.model import Cohort, SampleEnd, SampleStatus
from sluice.cohorts.sheet import Row, Sheet
from sluice.errors import ThrottledError
from sluice.tasks.contract import parse_task
from sluice.tasks.model import TaskState, task_key
from sluice_local.deploy import create_table
from sluice_local.dynamodb.partitions import Partitions
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.contract.simulated_dynamodb import SimulatedDynamoDb
from tests.support.builders import EXECUTION, job, task_text

if TYPE_CHECKING:
    from collections.abc import Iterable

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:lowpass"
SAMPLES = 99
LARGE = "x" * (32 * 1024 - 500)


@pytest.fixture
def dynamodb() -> SimulatedDynamoDb:
    return SimulatedDynamoDb(Partitions())


def launched(store: DynamoCohortStore, texts: Iterable[str]) -> list[int]:
    """Records a cohort's samples as a launch does; how many in each block."""
    sheet = Sheet(tuple(Row(index, f"sample-{index}", text) for index, text in enumerate(texts)))
    cohort = Cohort("run-42", WORKFLOW, sheet.sha256, len(sheet.rows), created_at=1, updated_at=1)
    blocks = launch_blocks(store.create(cohort), sheet, as_of=1)
    return [len(store.begin(block, 2)) for block in blocks if block.starts]


def test_large_samples_are_recorded_in_blocks_that_a_partition_takes(dynamodb: SimulatedDynamoDb) -> None:
    table = create_table(dynamodb, TEMPLATE, "CohortTable", name="cohorts")
    store = DynamoCohortStore(dynamodb, table, dynamodb.sleep)  # type: ignore[arg-type] # a client of the model
    began_ms = dynamodb.now_ms
    sizes = launched(store, [LARGE] * SAMPLES)
    assert sum(sizes) == SAMPLES
    # 66 units a sample: a partition takes 15 in a second
    assert max(sizes) <= 15
    assert (dynamodb.now_ms - began_ms) / 1000 < 2 * SAMPLES / 15
    cohort = store.cohort("run-42")
    assert cohort is not None
    assert cohort.counts[SampleStatus.RUNNING] == SAMPLES
    # and so are their ends
    ends = [
        SampleEnd(sample.execution_name, sample.execution_arn, SampleStatus.SUCCEEDED, 5)
        for sample in store.samples("run-42")
    ]
    assert store.note_ends(ends) == SAMPLES


def test_small_samples_fill_their_blocks(dynamodb: SimulatedDynamoDb) -> None:
    table = create_table(dynamodb, TEMPLATE, "CohortTable", name="cohorts")
    store = DynamoCohortStore(dynamodb, table, dynamodb.sleep)  # type: ignore[arg-type] # a client of the model
    assert launched(store, ["{}"] * (SAMPLES + 1)) == [SAMPLES, 1]


TOKEN = "{:0>1800}"
TASKS = 2000


def test_tasks_come_and_go_at_five_hundred_a_second_with_the_longest_tokens(
    dynamodb: SimulatedDynamoDb,
) -> None:
    table = create_table(dynamodb, TEMPLATE, "TaskTable", name="tasks")
    store = DynamoTaskStore(dynamodb, table, keep_days=1)  # type: ignore[arg-type] # a client of the model
    throttled = 0
    for index in range(TASKS):
        token, text = TOKEN.format(index), task_text(job("align"), executionArn=f"{EXECUTION}-{index}")
        try:
            store.put_intent(parse_task(token, text), text, 1000)
            if index >= TASKS // 2:
                earlier = TOKEN.format(index - TASKS // 2)
                store.close(task_key(earlier), TaskState.SUCCEEDED, 2000, settle_from_ms=None)
        except ThrottledError:
            throttled += 1
        dynamodb.go_to_ms(1000 * index / 500)
    assert throttled == 0
    assert len(store.open_tasks(TASKS)) == TASKS // 2


def stands_in(dynamodb: Any, table: str, token: str, partition: str) -> None:
    """Puts a task into a partition of the index, as a former version did."""
    dynamodb.update_item(
        TableName=table,
        Key={"taskToken": {"S": task_key(token)}},
        UpdateExpression="SET #open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": partition}},
    )


@pytest.mark.parametrize("backend", DYNAMODB_BACKENDS)
def test_tasks_of_a_former_version_are_found_and_move_with_their_next_heartbeat(
    request: pytest.FixtureRequest, unique: str, backend: str
) -> None:
    dynamodb = dynamodb_of(backend, request)
    table = create_table(dynamodb, TEMPLATE, "TaskTable", name=unique)
    store, tokens = DynamoTaskStore(dynamodb, table, keep_days=1), [f"token-{index}" for index in range(20)]
    for index, token in enumerate(tokens):
        text = task_text(job("align"), executionArn=f"{EXECUTION}-{index}")
        store.put_intent(parse_task(token, text), text, 1000 + index)
        if index % 2:
            stands_in(dynamodb, table, token, "OPEN")
    due = list(store.due_tasks(5000))
    assert [task.token for task in due] == tokens
    assert all(store.claim(task, 6000) for task in due)
    found = (
        dynamodb.get_item(TableName=table, Key={"taskToken": {"S": task_key(token)}})["Item"]
        for token in tokens
    )
    assert {item["open"]["S"] for item in found} <= {f"OPEN-{number}" for number in range(8)}
    assert {task.token for task in store.due_tasks(7000)} == set(tokens)
    # so are ended ones that are to be settled
    assert store.close(task_key("token-1"), TaskState.FAILED, 7000, settle_from_ms=8000)
    stands_in(dynamodb, table, "token-1", "UNSETTLED")
    (unsettled,) = store.unsettled_tasks(9000)
    assert store.claim_unsettled(unsettled, 9500) is not None
    store.settle(task_key("token-1"), 9600)
    assert list(store.unsettled_tasks(10_000)) == []
