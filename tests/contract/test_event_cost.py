"""What an event of Batch costs in DynamoDB, counted where the requests leave."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from handle_job_status.app import handle
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.rate.gcra import Limit
from sluice.rate.limiter import Limiter
from sluice.runtime.telemetry import LambdaTelemetry
from sluice.tasks.completer import Completer, Stopper
from sluice.tasks.contract import parse_task
from sluice.tasks.model import task_key
from sluice_local.deploy import create_table
from sluice_local.packaging import read_template
from tests.e2e.stack.stack import ROOT
from tests.support.builders import detail, job, task_text
from tests.support.fakes import FakeActivities, FakeBatch, FakeClock, MemoryRateStore

if TYPE_CHECKING:
    from sluice_local.server import LocalAws


@pytest.fixture
def calls() -> Counter[str]:
    """DynamoDB's requests by API."""
    return Counter()


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


def handled(completer: Completer, event: str) -> None:
    """What Lambda does with the event."""
    records = [{"messageId": "1", "body": event}]
    answer = handle({"Records": records}, completer, LambdaTelemetry())
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
