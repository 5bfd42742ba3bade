"""What an event of Batch costs in DynamoDB, counted where the requests leave."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from handle_job_status.app import handle
from sluice.arrays.groups import Member
from sluice.arrays.members import ArrayMembers
from sluice.arrays.shape import row_of
from sluice.aws.tables.array_store import DynamoArrayStore
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.telemetry import LambdaTelemetry
from sluice.tasks.completer import Completer, Stopper
from sluice.tasks.contract import parse_task
from sluice.tasks.model import new_record, task_key
from sluice_local.deploy import create_table
from sluice_local.packaging import read_template
from tests.e2e.stack.stack import ROOT
from tests.support.builders import detail, job, task_text
from tests.support.fakes import FakeActivities, FakeBatch, FakeClock, MemoryRateStore

if TYPE_CHECKING:
    from sluice.arrays.ports import ArrayStore
    from sluice_local.server import LocalAws


def _no_table() -> ArrayStore:
    raise AssertionError("no array was to be looked up")


NO_ARRAYS = ArrayMembers(_no_table)


@pytest.fixture
def calls() -> Counter[str]:
    """DynamoDB's requests by API."""
    return Counter()


@pytest.fixture
def arrays(completer: Completer) -> DynamoArrayStore:
    """The arrays in the same table."""
    store = completer.store
    assert isinstance(store, DynamoTaskStore)
    return DynamoArrayStore(store.client, store.table, keep_days=1, sleep=lambda _: None)


@pytest.fixture
def completer(local_aws: LocalAws, unique: str, calls: Counter[str]) -> Completer:
    """As it is deployed, but for Batch and Step Functions."""
    dynamodb = local_aws.client("dynamodb")
    template = read_template((ROOT / "template.yaml").read_text())
    table = create_table(dynamodb, template, "TaskTable", name=unique)
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))
    clock, counts = FakeClock(), LambdaTelemetry()
    limiter = Limiter("any", limit=Limit(50, burst=5), store=MemoryRateStore(), clock=clock)
    return Completer(
        activities=FakeActivities(),
        store=DynamoTaskStore(dynamodb, table, keep_days=1),
        stopper=Stopper(FakeBatch(), limiter, counts),
        telemetry=counts,
        clock=clock,
        heartbeat_limiter=limiter,
    )


def taken(completer: Completer, *jobs: dict[str, Any]) -> None:
    """A task that was submitted, each job's id being its name."""
    text = task_text(*jobs)
    task = parse_task("token", text)
    assert completer.store.put_intent(task, text, 1000)
    completer.store.record_submitted(task.key, {each.name: each.name for each in task.jobs})


def told(name: str, status: str = "SUCCEEDED") -> str:
    """Batch's event of a job's end."""
    parameters = {"taskKey": task_key("token"), "taskJob": name}
    event_detail = detail(name, status, parameters=parameters)
    return json.dumps({"detail-type": "Batch Job State Change", "detail": event_detail})


def cost(completer: Completer, calls: Counter[str], event: str) -> dict[str, int]:
    """What handling an event asked of DynamoDB."""
    calls.clear()
    handled(completer, event)
    return dict(calls)


def handled(completer: Completer, event: str, members: ArrayMembers | None = None) -> None:
    """What Lambda does with the event."""
    records = [{"messageId": "1", "body": event}]
    answer = handle({"Records": records}, completer, LambdaTelemetry(), members or NO_ARRAYS)
    assert answer == {"batchItemFailures": []}


def test_the_last_jobs_event_costs_two_writes_and_no_read(completer: Completer, calls: Counter[str]) -> None:
    taken(completer, job("align"))
    assert cost(completer, calls, told("align")) == {"UpdateItem": 2}


def test_any_other_jobs_event_costs_one_write(completer: Completer, calls: Counter[str]) -> None:
    taken(completer, job("align"), job("impute", "align"))
    assert cost(completer, calls, told("align")) == {"UpdateItem": 1}
    assert cost(completer, calls, told("impute")) == {"UpdateItem": 2}


def test_an_event_that_comes_again_costs_one_refused_write(completer: Completer, calls: Counter[str]) -> None:
    taken(completer, job("align"))
    handled(completer, told("align"))
    assert cost(completer, calls, told("align")) == {"UpdateItem": 1}


def test_a_failed_jobs_event_costs_a_write_more_if_others_are_stopped(
    completer: Completer, calls: Counter[str]
) -> None:
    taken(completer, job("align"), job("impute"))
    assert cost(completer, calls, told("align", "FAILED")) == {"UpdateItem": 3}
    assert cost(completer, calls, told("impute", "FAILED")) == {"UpdateItem": 1}


def test_somebody_elses_event_costs_nothing(completer: Completer, calls: Counter[str]) -> None:
    event = json.dumps({"detail-type": "Batch Job State Change", "detail": detail("job-1")})
    assert cost(completer, calls, event) == {}


def shared(completer: Completer, arrays: DynamoArrayStore, number: int) -> None:
    """Tasks that were submitted as one array."""
    members = []
    for index in range(number):
        wanted = job("align", jobDefinition="lowpass:3", parameters={"sample": f"s{index}"})
        text = task_text(wanted, vary=["sample"])
        task = parse_task(f"token {index}", text)
        assert completer.store.put_intent(task, text, 1000)
        row = row_of(task)
        assert row is not None
        members.append(Member(new_record(task, 1000), row, until_us=0))
    assert arrays.seal("a" * 32, members, 1000) == members


def told_of_array(array: dict[str, Any], job_id: str) -> str:
    about: dict[str, Any] = {"parameters": {"taskArray": "a" * 32}, "arrayProperties": array}
    return json.dumps({"detail-type": "Batch Job State Change", "detail": detail(job_id, **about)})


def test_of_an_arrays_children_the_first_costs_a_read_more(
    completer: Completer, arrays: DynamoArrayStore, calls: Counter[str]
) -> None:
    shared(completer, arrays, 3)
    members = ArrayMembers(lambda: arrays)
    calls.clear()
    for index in range(2):
        handled(completer, told_of_array({"index": index}, f"x:{index}"), members)
    assert calls == {"GetItem": 1, "UpdateItem": 4}


def test_an_arrays_end_costs_a_read_and_a_write_for_each_task_that_is_open(
    completer: Completer, arrays: DynamoArrayStore, calls: Counter[str]
) -> None:
    shared(completer, arrays, 3)
    members = ArrayMembers(lambda: arrays)
    handled(completer, told_of_array({"index": 1}, "x:1"), members)
    calls.clear()
    handled(completer, told_of_array({"size": 3}, "x"), members)
    assert calls == {"BatchGetItem": 1, "UpdateItem": 2}
