"""Two processes at one item, each with what it saw last; writes that the SDK repeats after a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.errors import DeniedError, RejectedError
from sluice.rate.gcra import MICROSECONDS, Limit, Reservation
from sluice.tasks.contract import parse_task
from sluice.tasks.model import TaskState, task_key
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import NETWORKED, TEMPLATE, dynamodb_of
from tests.support.builders import EXECUTION, ended, job, task_text
from tests.support.by_token import ByToken
from tests.support.fakes import START_US

LIMIT = Limit(50, burst=5)
API = "SubmitJob"
TEXT = task_text(job("align"))
TASK = parse_task("token", TEXT)


@pytest.fixture(params=NETWORKED)
def dynamodb(request: pytest.FixtureRequest) -> Any:
    return dynamodb_of(request.param, request)


@pytest.fixture
def tasks(dynamodb: Any, unique: str) -> ByToken:
    table = create_table(dynamodb, TEMPLATE, "TaskTable", name=unique)
    return ByToken(DynamoTaskStore(dynamodb, table, keep_days=1))


@pytest.fixture
def two_processes(dynamodb: Any, unique: str) -> tuple[DynamoRateStore, DynamoRateStore]:
    """Two processes that have both used the limiter, the second one last."""
    table = create_table(dynamodb, TEMPLATE, "RateTable", name=unique)
    first, second = DynamoRateStore(dynamodb, table), DynamoRateStore(dynamodb, table)
    for store in (first, second):
        store.reserve(API, 1, limit=LIMIT, now_us=START_US)
    return first, second


def reserved(store: DynamoRateStore, slots: int, now_us: int = START_US) -> Reservation:
    taken = store.reserve(API, slots, limit=LIMIT, now_us=now_us)
    assert taken is not None
    return taken


def lose_first_answer(dynamodb: Any, operation: str) -> None:
    """Makes the SDK send each call a second time, as it does when the first answer never came."""

    def again(attempts: int, **_: Any) -> int | None:
        return 0 if attempts == 1 else None

    dynamodb.meta.events.register_first(f"needs-retry.dynamodb.{operation}", again)


def test_an_intent_that_was_sent_twice_is_its_senders(dynamodb: Any, tasks: ByToken) -> None:
    lose_first_answer(dynamodb, "PutItem")
    assert tasks.put_intent(TASK, TEXT, 1000)
    assert not tasks.put_intent(TASK, TEXT, 1000)


def test_an_intent_that_comes_a_second_time_late_overwrites_nothing(dynamodb: Any, tasks: ByToken) -> None:
    """The network holds the first request up until the repetition was answered and the job has ended."""
    sent: list[dict[str, Any]] = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        sent.append(params)

    dynamodb.meta.events.register("provide-client-params.dynamodb.PutItem", keep)
    assert tasks.put_intent(TASK, TEXT, 1000)
    tasks.record_submitted("token", {"align": "1"})
    tasks.note_job("token", ended("align", "1"))
    tasks.close("token", TaskState.SUCCEEDED, 2000, settle_from_ms=None)
    before = tasks.read("token")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(**sent[0])
    assert tasks.read("token") == before


def test_a_claim_that_was_sent_twice_is_its_senders(dynamodb: Any, tasks: ByToken) -> None:
    tasks.put_intent(TASK, TEXT, 1000)
    (task,) = tasks.due_tasks(5000)
    lose_first_answer(dynamodb, "UpdateItem")
    assert tasks.claim(task, 5000) is not None
    assert tasks.claim(task, 6000) is None


def test_notes_that_were_sent_twice_answer_with_what_was_noted(dynamodb: Any, tasks: ByToken) -> None:
    lose_first_answer(dynamodb, "UpdateItem")
    tasks.put_intent(TASK, TEXT, 1000)
    record = tasks.record_submitted("token", {"align": "1"})
    assert record is not None
    assert record.jobs["align"].job_id == "1"
    noted = tasks.note_job("token", ended("align", "1"))
    assert noted.record is not None
    assert noted.record.jobs["align"].status == "SUCCEEDED"
    tasks.close("token", TaskState.SUCCEEDED, 2000, settle_from_ms=None)
    assert tasks.of_execution(EXECUTION) == []


def test_a_task_that_ended_under_a_former_version_is_claimed_and_moved_to_the_others(
    dynamodb: Any, tasks: ByToken
) -> None:
    tasks.put_intent(TASK, TEXT, 1000)
    dynamodb.update_item(  # it stayed among the open ones
        TableName=tasks.table,
        Key={"taskToken": {"S": task_key("token")}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "ABANDONED"}},
    )
    (task,) = tasks.due_tasks(5000)
    claimed = tasks.claim(task, 5000)
    assert claimed is not None
    assert claimed.state is TaskState.ABANDONED
    assert tasks.close("token", TaskState.ABANDONED, 6000, settle_from_ms=6000)
    assert list(tasks.due_tasks(9000)) == []
    assert [each.key for each in tasks.unsettled_tasks(6000)] == [task_key("token")]


def test_an_open_task_of_a_former_version_is_found_by_its_execution_once_it_was_looked_at(
    dynamodb: Any, tasks: ByToken
) -> None:
    tasks.put_intent(TASK, TEXT, 1000)
    dynamodb.update_item(
        TableName=tasks.table,
        Key={"taskToken": {"S": task_key("token")}},
        UpdateExpression="REMOVE openExecution, jobsDigest",
    )
    assert tasks.of_execution(EXECUTION) == []
    (task,) = tasks.due_tasks(5000)
    assert tasks.claim(task, 5000) is not None
    assert [each.task.token for each in tasks.of_execution(EXECUTION)] == ["token"]
    assert [each.key for each in tasks.open_tries(EXECUTION, "Align")] == [task_key("token")]


def test_a_reservation_that_was_sent_twice_shares_no_slot(
    dynamodb: Any, two_processes: tuple[DynamoRateStore, DynamoRateStore]
) -> None:
    first, second = two_processes
    lose_first_answer(dynamodb, "UpdateItem")
    slots = [due_us for store in (first, second, first) for due_us in reserved(store, 3).due_us]
    assert len(set(slots)) == 9


def test_a_lower_rate_is_never_overlooked_by_a_process_that_knew_the_old_one(
    two_processes: tuple[DynamoRateStore, DynamoRateStore],
) -> None:
    first, second = two_processes
    first.back_off(API, limit=LIMIT, now_us=START_US)
    assert reserved(second, 1).gap_us == 40_000


def test_two_processes_that_see_one_burst_of_429s_lower_the_rate_once(
    two_processes: tuple[DynamoRateStore, DynamoRateStore],
) -> None:
    first, second = two_processes
    for store in (first, second, first):
        store.back_off(API, limit=LIMIT, now_us=START_US)
    assert reserved(first, 1).gap_us == 40_000


def test_two_processes_that_wake_after_a_pause_share_no_slot(
    two_processes: tuple[DynamoRateStore, DynamoRateStore],
) -> None:
    later_us = START_US + 3600 * MICROSECONDS
    slots = [due_us for store in two_processes for due_us in reserved(store, 3, later_us).due_us]
    assert slots == [later_us + step * 20_000 for step in (-2, -1, 0, 1, 2, 3)]


@pytest.mark.parametrize("knows", [True, False])
def test_a_process_that_stood_still_gives_nobody_a_second_burst(
    dynamodb: Any, unique: str, knows: bool
) -> None:
    """It read its clock ten minutes before its write arrives; to it, the present lies far ahead."""
    table = create_table(dynamodb, TEMPLATE, "RateTable", name=unique)
    first, second = DynamoRateStore(dynamodb, table), DynamoRateStore(dynamodb, table)
    if knows:
        second.reserve(API, 1, limit=LIMIT, now_us=START_US - 3600 * MICROSECONDS)
    later_us = START_US + 600 * MICROSECONDS
    begun = reserved(first, 3, later_us)
    assert second.reserve(API, 3, limit=LIMIT, now_us=START_US) is None
    assert reserved(second, 3, later_us).start_us == begun.start_us + 3 * begun.gap_us
    assert reserved(first, 3, later_us).start_us == begun.start_us + 6 * begun.gap_us


@pytest.mark.parametrize("text", ["x" * 450_000], ids=["item"])
def test_what_the_table_cannot_hold_is_refused(tasks: ByToken, text: str) -> None:
    with pytest.raises(RejectedError):
        tasks.put_intent(parse_task("token", TEXT), text, 1000)


def test_a_table_that_is_not_there_is_no_fault_of_the_task(dynamodb: Any, unique: str) -> None:
    with pytest.raises(DeniedError):
        DynamoTaskStore(dynamodb, unique, keep_days=1).put_intent(TASK, TEXT, 1000)
