"""Whatever a service answers, and however much it says: no task token gets into a log or an error."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from sluice.aws.batch import BotoBatch
from sluice.aws.step_functions import BotoActivities
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice.pollers.hand import Crew
from sluice.pollers.pool import Round
from sluice.runtime.telemetry import LambdaTelemetry
from sluice.tasks.model import ActivityTask, OpenTask, task_key
from tests.functional.test_bad_input import SECRET, cancelled, noted
from tests.functional.test_reconciler import reconcile
from tests.support.builders import World, detail, job, job_event, task_text
from tests.support.fakes import BATCH_MODEL
from tests.unit.sluice.test_bad_events import states_event

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Mapping

LONG = Round(poll_until_us=2**62, submit_until_us=2**62)
AGAIN = {"batchItemFailures": [{"itemIdentifier": "0"}]}


class Indiscreet:
    """A client of botocore's all of whose calls fail and say in full what they were given."""

    class exceptions:  # noqa: N801 - as botocore names it
        ConditionalCheckFailedException = type("ConditionalCheckFailedException", (ClientError,), {})

    meta = SimpleNamespace(service_model=BATCH_MODEL)

    def __init__(self, failure: Callable[[str], Exception]) -> None:
        self.failure = failure

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> None:
            raise self.failure(f"{operation} of {json.dumps(arguments)}")

        return call

    def get_paginator(self, operation: str) -> Pages:
        return Pages(getattr(self, operation))


class Pages:
    """A paginator of one page."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def paginate(self, **arguments: Any) -> Iterator[Any]:
        yield self.call(**arguments)


def refusal(code: str, status: int) -> Callable[[str], Exception]:
    def failure(said: str) -> Exception:
        told = {"Code": code, "Message": said}
        answer: Any = {"Error": told, "ResponseMetadata": {"HTTPStatusCode": status}}
        return ClientError(answer, "Call")

    return failure


FAILURES: Mapping[str, Callable[[str], Exception]] = {
    "a refusal": refusal("ValidationException", 400),
    "a denial": refusal("AccessDeniedException", 403),
    "a fault of the service": refusal("InternalServerError", 500),
    "no answer": lambda said: ReadTimeoutError(endpoint_url=said),
}


@pytest.fixture(params=FAILURES)
def client(request: pytest.FixtureRequest) -> Any:
    return Indiscreet(FAILURES[request.param])


def world_with(**ports: Any) -> World:
    """A world of fakes but for the ports that are given, with its failures in the functions' log."""
    batch = ports.pop("batch", None)
    world = World(**{"telemetry": LambdaTelemetry(), **ports})
    if batch is not None:
        world.batch = batch
    return world


def long_ago(world: World) -> World:
    """Submits a task, some time before the reconciler looks at it and asks Batch about it."""
    world.take(SECRET, job("align"))
    world.clock.sleep(4_000)
    return world


def poll(world: World, text: str) -> None:
    """Hands one task to a poller, as the Activity does."""
    queue = World().activities
    queue.queue.append(ActivityTask(SECRET, text))
    assert replace(world.pool, queue=queue).run(Crew(1, 1), LONG).tasks == 1


def check(log: io.StringIO) -> None:
    assert log.getvalue()
    assert SECRET[:20] not in log.getvalue()


def check_told(world: World, log: io.StringIO) -> None:
    """Either the sender or the log was told."""
    told = str(world.activities.outcomes.get(SECRET, ""))
    assert bool(told) != bool(log.getvalue())
    assert SECRET[:20] not in told + log.getvalue()


def test_no_token_gets_out_when_the_table_does_not_take_the_intent(client: Any, log: io.StringIO) -> None:
    world = world_with(store=DynamoTaskStore(client, "tasks", 1))
    poll(world, task_text(job("align")))
    check_told(world, log)


def test_no_token_gets_out_when_batch_does_not_take_the_job(client: Any, log: io.StringIO) -> None:
    world = world_with(batch=BotoBatch(client))
    poll(world, task_text(job("align")))
    check_told(world, log)


@pytest.mark.parametrize(
    "text", ["nonsense", task_text(job("align", jobQueue="no-such-queue"))], ids=["invalid", "rejected"]
)
def test_no_token_gets_out_when_the_sender_cannot_be_told(client: Any, log: io.StringIO, text: str) -> None:
    poll(world_with(activities=BotoActivities(client)), text)
    check(log)


def test_no_token_gets_out_when_an_event_cannot_be_noted(client: Any, log: io.StringIO) -> None:
    world = world_with(store=DynamoTaskStore(client, "tasks", 1))
    assert noted(world, job_event(SECRET, "align", detail("job-0"))) == AGAIN
    check(log)


def test_no_token_gets_out_when_a_workflow_cannot_be_told(client: Any, log: io.StringIO) -> None:
    world = world_with(store=long_ago(World()).store, activities=BotoActivities(client))
    assert noted(world, job_event(SECRET, "align", detail("job-0"))) == AGAIN
    check(log)


def test_no_token_gets_out_when_the_tasks_of_a_stopped_workflow_cannot_be_read(
    client: Any, log: io.StringIO
) -> None:
    class Found(Indiscreet):
        """The index works, the items do not."""

        def query(self, **_: Any) -> Any:
            return {"Items": [{"taskToken": {"S": SECRET}}]}

    some_client: Any = Found(client.failure)
    world = world_with(store=DynamoTaskStore(some_client, "tasks", 1))
    assert cancelled(world, json.dumps(states_event())) == AGAIN
    check(log)


def test_no_token_gets_out_when_a_due_task_cannot_be_claimed(client: Any, log: io.StringIO) -> None:
    class Due(DynamoTaskStore):
        """The index works, the items do not."""

        def due_tasks(self, before_ms: int) -> Iterator[OpenTask]:
            return iter([OpenTask(task_key(SECRET), before_ms, before_ms, SECRET)])

        def unsettled_tasks(self, now_ms: int) -> Iterator[OpenTask]:
            return self.due_tasks(now_ms)

    reconcile(world_with(store=Due(client, "tasks", 1)))
    check(log)


def test_no_token_gets_out_when_a_heartbeat_fails(client: Any, log: io.StringIO) -> None:
    before = long_ago(World())
    reconcile(world_with(clock=before.clock, store=before.store, activities=BotoActivities(client)))
    check(log)


def test_no_token_gets_out_when_batch_cannot_be_asked(client: Any, log: io.StringIO) -> None:
    before = long_ago(World())
    reconcile(world_with(clock=before.clock, store=before.store, batch=BotoBatch(client)))
    check(log)
