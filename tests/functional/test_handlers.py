from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cancel_jobs.app import handle as cancel
from handle_job_status.app import handle
from sluice.runtime.sqs import handle_records
from sluice.tasks.model import TaskState
from tests.support.builders import EXECUTION, World, detail, job, job_event

if TYPE_CHECKING:
    import pytest


def execution_event(status: str, stopped_at_ms: int, arn: str = EXECUTION) -> str:
    return json.dumps(
        {
            "detail-type": "Step Functions Execution Status Change",
            "detail": {"executionArn": arn, "status": status, "stopDate": stopped_at_ms},
        }
    )


def sqs_event(*bodies: str) -> dict[str, object]:
    records = [{"messageId": str(index), "body": body} for index, body in enumerate(bodies)]
    return {"Records": [{**record, "eventSource": "aws:sqs"} for record in records]}


def test_an_event_of_an_ended_job_completes_its_task() -> None:
    world = World()
    world.take("token", job("align"))
    handle(
        sqs_event(job_event("token", "align", detail("job-0"))),
        world.completer,
        world.telemetry,
        world.members,
    )
    assert world.store.records["token"].state is TaskState.SUCCEEDED


def test_an_event_of_somebody_elses_job_is_counted_and_passed_over() -> None:
    world = World()
    handle(sqs_event("{}"), world.completer, world.telemetry, world.members)
    assert world.telemetry.drain() == {"EventsIgnored": 1}


def test_a_stopped_execution_stops_its_jobs() -> None:
    world = World()
    world.take("token", job("align"))
    world.activities.gone.add("token")
    cancel(
        sqs_event(execution_event("ABORTED", world.clock.now_us() // 1000)),
        world.store,
        completer=world.completer,
        telemetry=world.telemetry,
    )
    assert world.batch.terminated == ["job-0"]


def test_a_late_event_does_not_touch_what_a_redriven_execution_started_later() -> None:
    world = World()
    world.take("token", job("align"))
    # by another clock, within whose skew a person redrove the execution
    cancel(
        sqs_event(execution_event("ABORTED", world.clock.now_ms() + 2000)),
        world.store,
        completer=world.completer,
        telemetry=world.telemetry,
    )
    assert world.batch.terminated == []
    assert world.store.records["token"].state is TaskState.OPEN


def test_what_began_long_after_the_stop_is_not_even_asked_about() -> None:
    world = World()
    world.take("token", job("align"))
    cancel(
        sqs_event(execution_event("ABORTED", world.clock.now_ms() - 61_000)),
        world.store,
        completer=world.completer,
        telemetry=world.telemetry,
    )
    assert world.activities.heartbeats == []


def test_only_the_record_that_failed_is_delivered_again_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handle(body: str) -> None:
        if body == "bad":
            raise ValueError("this one is bad")

    answer = handle_records(sqs_event("good", "bad", "good"), handle)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert "this one is bad" in caplog.text


def test_a_batch_that_fails_whole_is_delivered_again_whole() -> None:
    def handle(body: str) -> None:
        raise ValueError(body)

    answer = handle_records(sqs_event("a", "b"), handle)
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["0", "1"]
