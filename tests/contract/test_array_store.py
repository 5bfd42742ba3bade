"""One body for the arrays on four backends: the fake, Local AWS, DynamoDB Local, and the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice.arrays.groups import Member
from sluice.arrays.shape import MAX_MEMBERS, array_name, row_of
from sluice.aws.tables.array_store import DynamoArrayStore
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.tasks.contract import parse_task
from sluice.tasks.model import Place, TaskState, new_record, task_key
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.support.array_fakes import MemoryArrayStore
from tests.support.builders import QUEUE, ended, job, task_text
from tests.support.by_token import ByToken
from tests.support.fakes import MemoryTaskStore

if TYPE_CHECKING:
    from sluice.arrays.ports import ArrayStore
    from sluice.tasks.model import TaskRecord

ARRAY = "a" * 32


@dataclass(frozen=True)
class Stores:
    """Tasks and arrays in one table."""

    tasks: Any
    arrays: ArrayStore

    def members(self, *tokens: str) -> list[Member]:
        """Tasks whose intents are written."""
        return [self._member(token) for token in tokens]

    def _member(self, token: str) -> Member:
        wanted = job("align", jobDefinition="lowpass:3", parameters={"sample": token})
        text = task_text(wanted, vary=["sample"])
        task = parse_task(token, text)
        assert self.tasks.put_intent(task, text, 1000)
        row = row_of(task)
        assert row is not None
        return Member(new_record(task, 1000), row, until_us=0)

    def read(self, token: str) -> TaskRecord:
        record: TaskRecord | None = self.tasks.read(token)
        assert record is not None
        return record


@pytest.fixture(params=["memory", *DYNAMODB_BACKENDS])
def stores(request: pytest.FixtureRequest, unique: str) -> Stores:
    if request.param == "memory":
        tasks = MemoryTaskStore()
        return Stores(ByToken(tasks), MemoryArrayStore(tasks))
    dynamodb = dynamodb_of(request.param, request)
    table = create_table(dynamodb, TEMPLATE, "TaskTable", name=f"{unique}-tasks")
    tasks_there = ByToken(DynamoTaskStore(dynamodb, table, keep_days=1))
    return Stores(tasks_there, DynamoArrayStore(dynamodb, table, keep_days=1, sleep=lambda _: None))


def test_a_seal_writes_the_array_and_each_members_place(stores: Stores) -> None:
    members = stores.members("a", "b")
    assert stores.arrays.seal(ARRAY, members, 2000) == members
    array = stores.arrays.read(ARRAY)
    assert array is not None
    assert array.keys == {0: task_key("a"), 1: task_key("b")}
    assert (array.job_queue, array.job_name) == (QUEUE, "align")
    assert array.batch_name == array_name("align", ARRAY)
    assert (array.job_id, array.dissolved) == (None, False)
    assert [stores.read(token).place for token in "ab"] == [Place(ARRAY, 0), Place(ARRAY, 1)]


def test_an_array_that_is_not_there_is_none(stores: Stores) -> None:
    assert stores.arrays.read(ARRAY) is None
    assert stores.arrays.decide(ARRAY, None) is None
    assert stores.arrays.read(ARRAY) is None


def test_the_largest_array_is_sealed(stores: Stores) -> None:
    tokens = [f"token {number}" for number in range(MAX_MEMBERS)]
    members = stores.members(*tokens)
    assert stores.arrays.seal(ARRAY, members, 2000) == members
    assert stores.read(tokens[-1]).place == Place(ARRAY, MAX_MEMBERS - 1)


def test_members_that_are_not_their_owners_any_more_are_left_out(stores: Stores) -> None:
    members = stores.members("stopped", "a", "claimed", "b", "submitted")
    assert stores.tasks.close("stopped", TaskState.ABANDONED, 1500, settle_from_ms=None)
    due = next(each for each in stores.tasks.due_tasks(5000) if each.token == "claimed")
    assert stores.tasks.claim(due, 1600)
    stores.tasks.record_submitted("submitted", {"align": "job-0"})
    assert stores.arrays.seal(ARRAY, members, 2000) == [members[1], members[3]]
    array = stores.arrays.read(ARRAY)
    assert array is not None
    assert array.keys == {0: task_key("a"), 1: task_key("b")}
    assert [stores.read(each).place for each in ("stopped", "claimed", "submitted")] == [None] * 3


def test_of_one_member_nothing_is_written(stores: Stores) -> None:
    members = stores.members("stopped", "a")
    assert stores.tasks.close("stopped", TaskState.ABANDONED, 1500, settle_from_ms=None)
    assert stores.arrays.seal(ARRAY, members, 2000) == [members[1]]
    assert (stores.arrays.read(ARRAY), stores.read("a").place) == (None, None)


def test_an_array_is_sealed_once(stores: Stores) -> None:
    stores.arrays.seal(ARRAY, stores.members("a", "b"), 2000)
    assert stores.arrays.seal(ARRAY, stores.members("c", "d"), 2000) == []
    assert stores.read("c").place is None


def test_a_task_that_was_not_submitted_with_its_array_may_have_another_place(stores: Stores) -> None:
    first, second = stores.members("a", "b")
    stores.arrays.seal(ARRAY, [first, second], 2000)
    stores.arrays.seal("b" * 32, [second, first], 3000)
    assert stores.read("a").place == Place("b" * 32, 1)


@pytest.mark.parametrize(("first", "then"), [("job-7", None), (None, "job-7"), ("job-7", "job-8")])
def test_the_first_word_about_an_arrays_job_stays(
    stores: Stores, first: str | None, then: str | None
) -> None:
    stores.arrays.seal(ARRAY, stores.members("a", "b"), 2000)
    told = stores.arrays.decide(ARRAY, first)
    assert told is not None
    assert (told.job_id, told.dissolved) == (first, first is None)
    assert stores.arrays.decide(ARRAY, then) == told == stores.arrays.read(ARRAY)


def test_an_arrays_end_is_noted_in_its_open_tasks_once(stores: Stores) -> None:
    stores.arrays.seal(ARRAY, stores.members("a", "b", "c"), 2000)
    assert stores.tasks.close("b", TaskState.SUCCEEDED, 2500, settle_from_ms=None)
    array = stores.arrays.read(ARRAY)
    assert array is not None
    assert stores.arrays.note_ended(array, 3000) == 2
    assert stores.arrays.note_ended(array, 4000) == 2
    assert [stores.read(token).array_ended_at for token in "abc"] == [3000, None, 3000]


def test_an_end_is_noted_in_no_task_that_has_gone_another_way(stores: Stores) -> None:
    first, second = stores.members("a", "b")
    stores.arrays.seal(ARRAY, [first, second], 2000)
    array = stores.arrays.read(ARRAY)
    stores.arrays.seal("b" * 32, [second, first], 3000)
    assert array is not None
    stores.arrays.note_ended(array, 4000)
    assert [stores.read(token).array_ended_at for token in "ab"] == [None, None]


def test_what_an_event_writes_leaves_a_tasks_place(stores: Stores) -> None:
    stores.arrays.seal(ARRAY, stores.members("a", "b"), 2000)
    stores.tasks.note_job("a", ended("align", "x:0"))
    assert stores.read("a").place == Place(ARRAY, 0)


def test_an_array_stands_in_no_line_of_tasks(stores: Stores) -> None:
    stores.arrays.seal(ARRAY, stores.members("a", "b"), 2000)
    assert {each.key for each in stores.tasks.due_tasks(5000)} == {task_key("a"), task_key("b")}
    assert len(stores.tasks.open_tasks(10)) == 2
