"""One body for the stores on four backends: the fakes, Local AWS, DynamoDB Local, and the simulation."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.aws.pollers import DynamoPollerSlots
from sluice.aws.tables.rate_store import DynamoRateStore
from sluice.aws.tables.task_items import ROOMY_INPUT
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.pollers.ports import Slot
from sluice.rate import gcra as rate
from sluice.rate.gcra import Limit
from sluice.tasks.completion import job_record
from sluice.tasks.contract import MAX_JOBS, parse_task
from sluice.tasks.model import OpenTask, TaskState, Trouble, task_key
from sluice_local.deploy import create_table
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.support.builders import EXECUTION, QUEUE, detail, ended, job, task_text
from tests.support.by_token import ByToken
from tests.support.fakes import START_US, MemoryPollerSlots, MemoryRateStore, MemoryTaskStore

if TYPE_CHECKING:
    from sluice.pollers.ports import PollerSlots
    from sluice.rate.gcra import Reservation
    from sluice.rate.ports import RateStore

SECOND = rate.MICROSECONDS
LIMIT = Limit(50, burst=5)
SHORT = {"JobName": "align", "JobQueue": QUEUE, "JobDefinition": "lowpass"}


@dataclass(frozen=True)
class Stores:
    """The three stores of one backend."""

    tasks: Any
    rates: RateStore
    slots: PollerSlots


@pytest.fixture(params=["memory", *DYNAMODB_BACKENDS])
def stores(request: pytest.FixtureRequest, unique: str) -> Stores:
    if request.param == "memory":
        return Stores(ByToken(MemoryTaskStore()), MemoryRateStore(), MemoryPollerSlots())
    dynamodb = dynamodb_of(request.param, request)
    # the template's own tables, so that the tests cannot drift from it
    tasks = create_table(dynamodb, TEMPLATE, "TaskTable", name=f"{unique}-tasks")
    rates = create_table(dynamodb, TEMPLATE, "RateTable", name=f"{unique}-rates")
    return Stores(
        ByToken(DynamoTaskStore(dynamodb, tasks, keep_days=1)),
        DynamoRateStore(dynamodb, rates),
        DynamoPollerSlots(dynamodb, rates, "sluice"),
    )


def put(stores: Stores, token: str, *jobs: dict[str, Any], now_ms: int = 1000, arn: str = EXECUTION) -> None:
    text = task_text(*jobs, executionArn=arn)
    assert stores.tasks.put_intent(parse_task(token, text), text, now_ms)


def reserved(stores: Stores, slots: int, now_us: int = START_US, api: str = "SubmitJob") -> Reservation:
    taken = stores.rates.reserve(api, slots, limit=LIMIT, now_us=now_us)
    assert taken is not None
    return taken


def test_an_intent_is_written_once(stores: Stores) -> None:
    put(stores, "token", job("align"))
    text = task_text(job("other"))
    assert not stores.tasks.put_intent(parse_task("token", text), text, 2000)
    (record,) = stores.tasks.of_execution(EXECUTION)
    assert (record.state, record.created_at, set(record.jobs)) == (TaskState.OPEN, 1000, {"align"})
    assert record.task == parse_task("token", task_text(job("align")))


def test_ids_are_noted_beside_a_status_that_came_first(stores: Stores) -> None:
    put(stores, "token", job("align"), job("impute", "align"))
    assert stores.tasks.note_job("token", ended("align", "1")).changed
    record = stores.tasks.record_submitted("token", {"align": "1", "impute": "2"})
    assert record is not None
    assert record.jobs["align"] == ended("align", "1")
    assert (record.jobs["impute"].job_id, record.jobs["impute"].status) == ("2", None)


def test_a_task_that_does_not_say_whose_it_is_is_open_and_of_no_execution(stores: Stores) -> None:
    text = json.dumps(SHORT)
    assert stores.tasks.put_intent(parse_task("token", text), text, 1000)
    (due,) = stores.tasks.due_tasks(1000)
    claimed = stores.tasks.claim(due, 2000)
    assert claimed is not None
    assert claimed.task == parse_task("token", text)
    assert stores.tasks.of_execution(EXECUTION) == []
    assert stores.tasks.open_tries(EXECUTION, "align") == []
    job = job_record("align", detail("1", parameters={"taskForm": "sync"}))
    noted = stores.tasks.note_job("token", job)
    assert noted.record is not None
    assert noted.record.jobs == {"align": job}


@pytest.mark.parametrize(("blanks", "kept"), [(0, True), (ROOMY_INPUT, False)])
def test_a_job_is_kept_whole_where_there_is_room_for_it(stores: Stores, blanks: int, kept: bool) -> None:
    text = json.dumps(SHORT) + " " * blanks
    assert stores.tasks.put_intent(parse_task("token", text), text, 1000)
    job = job_record("align", detail("1", parameters={"taskForm": "sync"}))
    noted = stores.tasks.note_job("token", job)
    assert noted.changed
    assert noted.record is not None
    assert noted.record.jobs["align"] == (job if kept else replace(job, document=None))
    again = stores.tasks.note_job("token", job)
    assert not again.changed
    assert again.record == noted.record


def test_the_id_of_a_job_that_has_one_stays(stores: Stores) -> None:
    put(stores, "token", job("align"), job("impute", "align"))
    stores.tasks.record_submitted("token", {"align": "1"})
    record = stores.tasks.record_submitted("token", {"align": "a-copy", "impute": "2"})
    assert record is not None
    assert {each.name: each.job_id for each in record.jobs.values()} == {"align": "1", "impute": "2"}
    assert stores.tasks.read("token") == record
    assert stores.tasks.read("unknown") is None


def test_the_ids_of_as_many_jobs_as_a_task_may_have_are_noted_at_once(stores: Stores) -> None:
    names = [f"{'n' * 100}-{index}" for index in range(MAX_JOBS)]
    put(stores, "token", *[job(name) for name in names])
    ids = {name: f"{index:036}" for index, name in enumerate(names)}
    record = stores.tasks.record_submitted("token", ids)
    assert record is not None
    assert {each.name: each.job_id for each in record.jobs.values()} == ids


def test_ids_of_an_unknown_task_are_noted_nowhere(stores: Stores) -> None:
    assert stores.tasks.record_submitted("unknown", {"align": "1"}) is None


def test_trouble_is_counted_until_a_job_is_submitted(stores: Stores) -> None:
    put(stores, "token", job("align"), job("impute", "align"))
    stores.tasks.note_trouble("token", "align", "500", 2000)
    record = stores.tasks.note_trouble("token", "impute", "502", 3000)
    assert record is not None
    assert record.trouble == Trouble("impute", 2, 2000, "502")
    assert stores.tasks.history([EXECUTION]) == [record]
    record = stores.tasks.record_submitted("token", {"align": "1"})
    assert record is not None
    assert record.trouble is None
    assert stores.tasks.note_trouble("unknown", "align", "500", 2000) is None


def test_an_ended_job_never_changes_again(stores: Stores) -> None:
    put(stores, "token", job("align"))
    stores.tasks.note_job("token", ended("align", "1", "FAILED"))
    again = stores.tasks.note_job("token", ended("align", "1", "SUCCEEDED"))
    assert not again.changed
    assert again.record is not None
    assert again.record.jobs["align"].status == "FAILED"


@pytest.mark.parametrize(
    ("token", "name", "job_id", "known"),
    [
        ("unknown", "align", "1", False),
        ("token", "unknown", "1", False),
        ("token", "align", "a-copy", True),
    ],
)
def test_a_foreign_note_changes_nothing(
    stores: Stores, token: str, name: str, job_id: str, *, known: bool
) -> None:
    put(stores, "token", job("align"))
    stores.tasks.record_submitted("token", {"align": "1"})
    noted = stores.tasks.note_job(token, ended(name, job_id))
    assert not noted.changed
    assert (noted.record is not None) == known
    assert stores.tasks.of_execution(EXECUTION)[0].jobs["align"].status is None


def test_a_closed_task_stays_as_it_was_closed_and_leaves_the_open_ones(stores: Stores) -> None:
    put(stores, "token", job("align"))
    stores.tasks.close("token", TaskState.ABANDONED, 2000, settle_from_ms=None)
    stores.tasks.close("token", TaskState.SUCCEEDED, 3000, settle_from_ms=None)
    assert list(stores.tasks.due_tasks(9000)) == []
    assert stores.tasks.of_execution(EXECUTION) == []
    noted = stores.tasks.note_job("token", ended("align", "1"))
    assert noted.record is not None
    assert noted.record.state is TaskState.ABANDONED


def test_the_history_of_executions_has_their_closed_tasks_too_oldest_first(stores: Stores) -> None:
    mine, yours, others = (f"{EXECUTION}-{number}" for number in range(3))
    put(stores, "third", job("impute"), now_ms=3000, arn=mine)
    put(stores, "first", job("align"), now_ms=1000, arn=mine)
    put(stores, "second", job("align"), now_ms=2000, arn=yours)
    put(stores, "foreign", job("align"), arn=others)
    stores.tasks.note_job("first", ended("align", "1"))
    stores.tasks.close("first", TaskState.SUCCEEDED, 4000, settle_from_ms=None)
    found = stores.tasks.history([mine, yours, f"{EXECUTION}-unknown"])
    assert [(record.task.token, record.state) for record in found] == [
        ("first", TaskState.SUCCEEDED),
        ("second", TaskState.OPEN),
        ("third", TaskState.OPEN),
    ]
    assert found[0].jobs["align"] == ended("align", "1")
    assert stores.tasks.history([]) == []


def test_the_open_tasks_of_a_state_are_told_apart_by_what_they_ask_for(stores: Stores) -> None:
    put(stores, "one", job("align"))
    put(stores, "same", job("align"))
    put(stores, "other", job("impute"))
    put(stores, "closed", job("align"))
    put(stores, "elsewhere", job("align"), arn=f"{EXECUTION}-2")
    stores.tasks.close("closed", TaskState.FAILED, 2000, settle_from_ms=3000)
    digests = {each.key: each.jobs_digest for each in stores.tasks.open_tries(EXECUTION, "Align")}
    assert digests.keys() == {task_key(name) for name in ("one", "same", "other")}
    one, same, other = (digests[task_key(name)] for name in ("one", "same", "other"))
    assert one == same != other
    assert stores.tasks.open_tries(EXECUTION, "Impute") == []
    stores.tasks.close("one", TaskState.SUCCEEDED, 2000, settle_from_ms=None)
    assert {each.task.token for each in stores.tasks.of_execution(EXECUTION)} == {"same", "other"}


def test_a_history_may_be_longer_than_one_read(stores: Stores) -> None:
    for number in range(101):
        put(stores, f"token-{number}", job("align"), now_ms=number)
    assert [record.created_at for record in stores.tasks.history([EXECUTION])] == list(range(101))


def test_due_tasks_come_in_the_order_of_their_last_heartbeats(stores: Stores) -> None:
    for now_ms in (3000, 1000, 2000, 6000):
        put(stores, f"token-{now_ms}", job("align"), now_ms=now_ms)
    (first, *_) = stores.tasks.due_tasks(5000)
    assert stores.tasks.claim(first, 4000) is not None
    assert list(stores.tasks.due_tasks(5000)) == [
        OpenTask(task_key("token-2000"), 2000, 2000, "token-2000"),
        OpenTask(task_key("token-3000"), 3000, 3000, "token-3000"),
        OpenTask(task_key("token-1000"), 1000, 4000, "token-1000"),
    ]


def test_due_tasks_between_two_heartbeats_come_with_their_records(stores: Stores) -> None:
    for now_ms in (3000, 1000, 2000, 6000):
        put(stores, f"token-{now_ms}", job("align"), now_ms=now_ms)
    stores.tasks.record_submitted("token-2000", {"align": "job-0"})
    found = list(stores.tasks.due_records(1000, 3000))
    assert [(each.token, each.heartbeat_at) for each in found] == [("token-2000", 2000), ("token-3000", 3000)]
    records = [each.record for each in found]
    assert [record and record.jobs["align"].job_id for record in records] == ["job-0", None]
    assert list(stores.tasks.due_records(3000, 3000)) == list(stores.tasks.due_records(3000, 1000)) == []


def test_a_task_that_ended_unsettled_waits_in_a_line_of_its_own_until_it_is_settled(stores: Stores) -> None:
    put(stores, "token", job("align"))
    put(stores, "other", job("align"))
    assert stores.tasks.close("token", TaskState.ABANDONED, 2000, settle_from_ms=4000)
    assert stores.tasks.close("other", TaskState.FAILED, 2000, settle_from_ms=3000)
    assert stores.tasks.of_execution(EXECUTION) == []
    assert list(stores.tasks.due_tasks(9000)) == []
    assert list(stores.tasks.unsettled_tasks(2999)) == []
    first, second = stores.tasks.unsettled_tasks(4000)
    assert (first, second) == tuple(
        OpenTask(task_key(name), 1000, due) for name, due in (("other", 3000), ("token", 4000))
    )
    claimed = stores.tasks.claim_unsettled(second, 8000)
    assert claimed is not None
    assert claimed.state is TaskState.ABANDONED
    assert stores.tasks.claim_unsettled(second, 9000) is None
    assert [task.key for task in stores.tasks.unsettled_tasks(7999)] == [task_key("other")]
    stores.tasks.settle("token", 5000)
    assert [task.key for task in stores.tasks.unsettled_tasks(9999)] == [task_key("other")]


def test_only_one_of_those_that_end_a_task_has_ended_it(stores: Stores) -> None:
    put(stores, "token", job("align"))
    assert stores.tasks.close("token", TaskState.FAILED, 2000, settle_from_ms=3000)
    assert not stores.tasks.close("token", TaskState.FAILED, 2000, settle_from_ms=3000)
    assert not stores.tasks.close("token", TaskState.ABANDONED, 2000, settle_from_ms=None)
    assert [task.heartbeat_at for task in stores.tasks.unsettled_tasks(9000)] == [3000]


def test_an_open_task_cannot_be_settled(stores: Stores) -> None:
    put(stores, "token", job("align"))
    stores.tasks.settle("token", 2000)
    assert [task.token for task in stores.tasks.due_tasks(9000)] == ["token"]


def test_a_job_that_is_missing_is_noted_with_the_first_time(stores: Stores) -> None:
    put(stores, "token", job("align"), job("impute"))
    stores.tasks.record_submitted("token", {"align": "1", "impute": "2"})
    stores.tasks.note_job("token", ended("impute", "2"))
    for now_ms in (2000, 3000):
        stores.tasks.note_missing("token", "align", now_ms)
        stores.tasks.note_missing("token", "impute", now_ms)
    record = stores.tasks.read("token")
    assert record is not None
    assert (record.jobs["align"].missing_at, record.jobs["impute"].missing_at) == (2000, None)
    noted = stores.tasks.note_job("token", ended("align", "1"))
    assert noted.record is not None
    assert noted.record.jobs["align"] == ended("align", "1")


def test_some_of_the_open_tasks_are_those_that_were_not_looked_at_for_longest(stores: Stores) -> None:
    for now_ms in (3000, 1000, 2000):
        put(stores, f"token-{now_ms}", job("align"), now_ms=now_ms)
    stores.tasks.close("token-1000", TaskState.FAILED, 4000, settle_from_ms=5000)
    found = {record.task.token for record in stores.tasks.open_tasks(10)}
    assert found == {"token-2000", "token-3000"}
    assert [record.task.token for record in stores.tasks.open_tasks(1)] == ["token-2000"]


def test_open_tasks_are_counted_and_no_others(stores: Stores) -> None:
    assert stores.tasks.count_open() == 0
    for index in range(20):  # enough that they stand in several partitions
        put(stores, f"token-{index}", job("align"), now_ms=1000 * index)
    stores.tasks.close("token-3", TaskState.SUCCEEDED, 30_000, settle_from_ms=None)
    stores.tasks.close("token-4", TaskState.FAILED, 30_000, settle_from_ms=31_000)
    assert stores.tasks.count_open() == 18


def test_of_two_reconcilers_one_gets_a_task(stores: Stores) -> None:
    put(stores, "token", job("align"))
    (task,) = stores.tasks.due_tasks(9000)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda now_ms: stores.tasks.claim(task, now_ms), range(5000, 5008)))
    assert len([claim for claim in claims if claim is not None]) == 1
    (seen,) = stores.tasks.due_tasks(9000)
    assert seen.heartbeat_at in range(5000, 5008)


def test_a_closed_task_is_not_claimed(stores: Stores) -> None:
    put(stores, "token", job("align"))
    (task,) = stores.tasks.due_tasks(9000)
    stores.tasks.close("token", TaskState.SUCCEEDED, 2000, settle_from_ms=None)
    assert stores.tasks.claim(task, 5000) is None


def test_reservations_of_many_threads_never_share_a_slot(stores: Stores) -> None:
    def reserve(_: int) -> tuple[int, ...]:
        return reserved(stores, 3).due_us

    with ThreadPoolExecutor(8) as pool:
        dues = [due_us for taken in pool.map(reserve, range(40)) for due_us in taken]
    first_us = rate.earliest_us(START_US, LIMIT)
    assert sorted(dues) == [first_us + index * 20_000 for index in range(120)]


def test_unused_time_is_lost_but_for_half_of_the_burst(stores: Stores) -> None:
    reserved(stores, 1)
    later_us = START_US + 3600 * SECOND
    taken = reserved(stores, 1, later_us)
    assert taken.start_us == later_us - 2 * 20_000


def test_a_429_lowers_the_rate_for_all_and_it_climbs_back(stores: Stores) -> None:
    reserved(stores, 1)
    for _ in range(3):
        stores.rates.back_off("SubmitJob", limit=LIMIT, now_us=START_US + SECOND)
    slow = reserved(stores, 1, START_US + SECOND)
    assert slow.gap_us == 40_000
    healed = reserved(stores, 1, START_US + 60 * SECOND)
    assert healed.gap_us == 20_000


def test_a_slot_that_falls_due_too_late_is_not_taken(stores: Stores) -> None:
    first = reserved(stores, 10)
    soon_us = first.due_us[-1] + 19_999
    for _ in range(3):
        assert stores.rates.reserve("SubmitJob", 1, limit=LIMIT, now_us=START_US, until_us=soon_us) is None
    in_time = stores.rates.reserve("SubmitJob", 1, limit=LIMIT, now_us=START_US, until_us=soon_us + 1)
    assert in_time is not None
    assert in_time.start_us == first.due_us[-1] + 20_000


def test_a_slot_that_a_wrong_clock_took_hours_ahead_is_passed_over(stores: Stores) -> None:
    reserved(stores, 1, START_US + 3 * 3600 * SECOND)
    assert reserved(stores, 1).start_us == rate.earliest_us(START_US, LIMIT)
    assert reserved(stores, 1).start_us == rate.earliest_us(START_US, LIMIT) + 20_000


def test_apis_have_rates_of_their_own(stores: Stores) -> None:
    first, other = reserved(stores, 10), reserved(stores, 1, api="TerminateJob")
    assert other.start_us == first.start_us


def test_the_number_of_a_slot_only_rises(stores: Stores) -> None:
    assert stores.slots.read(0) == Slot()
    stores.slots.remember(0, 7)
    stores.slots.remember(0, 3)
    stores.slots.remember(1, 1)
    assert (stores.slots.read(0), stores.slots.read(1)) == (Slot(7), Slot(1))


@pytest.mark.parametrize("backend", DYNAMODB_BACKENDS)
def test_stacks_that_share_a_table_share_rates_and_no_slots(
    request: pytest.FixtureRequest, unique: str, backend: str
) -> None:
    dynamodb = dynamodb_of(backend, request)
    table = create_table(dynamodb, TEMPLATE, "RateTable", name=unique)
    one, other = (DynamoPollerSlots(dynamodb, table, name) for name in ("one", "other"))
    one.remember(0, 7)
    other.remember(0, 2)
    assert (one.read(0), other.read(0)) == (Slot(7), Slot(2))
    first, second = (
        DynamoRateStore(dynamodb, table).reserve("SubmitJob", 1, limit=LIMIT, now_us=START_US)
        for _ in range(2)
    )
    assert first
    assert second
    assert second.start_us == first.start_us + first.gap_us


@pytest.mark.parametrize("number", [0, 7])
def test_a_name_that_is_taken_is_kept_until_a_higher_number_is_known(stores: Stores, number: int) -> None:
    stores.slots.remember(0, number)
    seen = stores.slots.read(0)
    assert stores.slots.mark_taken(0, seen, number + 1, 5000)
    assert stores.slots.read(0) == Slot(number + 1, taken_at=5000)
    stores.slots.remember(0, number + 1)
    assert stores.slots.read(0) == Slot(number + 1, taken_at=5000)
    stores.slots.remember(0, number + 2)
    assert stores.slots.read(0) == Slot(number + 2)


def test_of_those_that_saw_a_slot_alike_one_marks_it(stores: Stores) -> None:
    for seen, times_ms in ((Slot(), (1000, 2000)), (Slot(0, 1000), (3000, 4000))):
        marks = [stores.slots.mark_taken(0, seen, 0, now_ms) for now_ms in times_ms]
        assert marks == [True, False]
    assert not stores.slots.mark_taken(0, Slot(3, 3000), 3, 5000)
    stores.slots.remember(0, 4)
    assert not stores.slots.mark_taken(0, Slot(), 0, 5000)
    assert stores.slots.read(0) == Slot(4)


def test_a_slot_that_was_woken_since_does_not_go_to_rest(stores: Stores) -> None:
    stores.slots.remember(0, 4)
    assert stores.slots.wake(0, 5000) == Slot(4)
    assert not stores.slots.rest(0, 4, since_ms=5000)
    assert stores.slots.read(0) == Slot(4)
    assert stores.slots.rest(0, 4, since_ms=5001)
    assert stores.slots.wake(0, 6000) == Slot(4, resting=4)
    stores.slots.remember(0, 5)
    assert stores.slots.read(0) == Slot(5, resting=4)


def test_a_slot_that_nobody_ever_woke_goes_to_rest(stores: Stores) -> None:
    assert stores.slots.rest(2, 0, since_ms=1)
    assert stores.slots.read(2) == Slot(0, resting=0)
