"""Bad input through whole services: its sender hears of it, its neighbours do not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cancel_jobs.app import handle as ends_handled
from handle_job_status.app import handle as job_events_handled
from sluice.errors import DeniedError
from sluice.events import InvalidEventError
from sluice.pollers.hand import Crew
from sluice.pollers.pool import Round
from sluice.runtime.sqs import handle_records
from sluice.runtime.telemetry import LambdaTelemetry
from sluice.tasks.completion import MAX_CAUSE
from sluice.tasks.model import ActivityTask, Failed, Noted, TaskState, task_key
from tests.support.builders import World, detail, job, job_event, task_text
from tests.support.fakes import MemoryTaskStore
from tests.unit.sluice.tasks.test_bad_contract import BAD
from tests.unit.sluice.test_bad_events import NO_EVENT, NOT_OURS, NOT_STOPPED, states_event

if TYPE_CHECKING:
    import io

    from sluice.runtime.sqs import BatchAnswer
    from sluice.tasks.model import JobRecord

LONG = Round(poll_until_us=2**62, submit_until_us=2**62)
SECRET = "AQCsecret" + "z" * 600
"""A token; not even its beginning may be seen."""


def queued(*bodies: Any) -> dict[str, Any]:
    """What Lambda makes of messages in a queue."""
    return {
        "Records": [
            {"messageId": str(index), "eventSource": "aws:sqs", "body": body}
            for index, body in enumerate(bodies)
        ]
    }


def noted(world: World, *bodies: Any) -> BatchAnswer:
    return job_events_handled(queued(*bodies), world.completer, world.telemetry, world.members)


def cancelled(world: World, *bodies: Any) -> BatchAnswer:
    return ends_handled(queued(*bodies), world.store, completer=world.completer, telemetry=world.telemetry)


def test_every_bad_input_is_answered_by_name_and_the_good_ones_among_them_are_submitted(
    log: io.StringIO,
) -> None:
    world = World()
    world.telemetry = LambdaTelemetry()  # type: ignore[assignment] # the log is what is looked at
    for name, (text, _) in BAD.items():
        world.activities.queue.append(ActivityTask(f"{SECRET}-bad-{name}", text))
        world.activities.queue.append(ActivityTask(f"{SECRET}-good-{name}", task_text(job("align"))))
    assert world.pool.run(Crew(4, 4), LONG).tasks == 2 * len(BAD)

    assert {token.partition("-")[2] for token in world.store.records} == {f"good-{name}" for name in BAD}
    assert len(world.batch.jobs) == len(BAD)
    assert {token.partition("-")[2] for token in world.activities.outcomes} == {f"bad-{name}" for name in BAD}
    for (outcome,) in world.activities.outcomes.values():
        assert isinstance(outcome, Failed)
        assert outcome.error == "Task.Invalid"
        assert len(outcome.cause) <= MAX_CAUSE
        assert json.loads(outcome.cause).keys() == {"reason"}
        assert SECRET[:20] not in outcome.cause
    assert log.getvalue() == ""


def test_garbage_among_the_job_events_is_counted_dropped_and_holds_up_nothing(log: io.StringIO) -> None:
    world = World()
    world.take("token", job("align"))
    garbage = [*NO_EVENT.values(), *(json.dumps(event) for event in NOT_OURS.values())]
    good = job_event("token", "align", detail("job-0"))
    assert noted(world, *garbage, good, *garbage) == {"batchItemFailures": []}
    assert world.store.records["token"].state is TaskState.SUCCEEDED
    assert world.telemetry.drain()["EventsIgnored"] == 2 * len(garbage)
    assert log.getvalue() == ""


def test_garbage_among_the_cancellations_is_counted_dropped_and_holds_up_nothing(log: io.StringIO) -> None:
    world = World()
    world.take("token", job("align"))
    world.activities.gone.add("token")
    garbage = [*NO_EVENT.values(), *(json.dumps(event) for event in NOT_STOPPED.values())]
    now_ms = world.clock.now_us() // 1000
    good = json.dumps(states_event(stopDate=now_ms))
    assert cancelled(world, *garbage, good, *garbage) == {"batchItemFailures": []}
    assert world.batch.terminated == ["job-0"]
    assert world.telemetry.drain()["EventsIgnored"] == 2 * len(garbage)
    assert log.getvalue() == ""


@pytest.mark.parametrize("body", [None, 7, {}, {"detail": {}}, ["x"]], ids=str)
def test_a_record_whose_body_is_no_text_is_dropped_too(body: Any) -> None:
    world = World()
    assert noted(world, body) == {"batchItemFailures": []}
    assert world.telemetry.drain() == {"EventsIgnored": 1}


def test_a_record_without_a_body_is_dropped_too() -> None:
    world = World()
    event = {"Records": [{"messageId": "1", "eventSource": "aws:sqs"}]}
    answer = job_events_handled(event, world.completer, world.telemetry, world.members)
    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize("event", [None, [], {}, {"Records": []}, {"Records": None}, {"detail": {}}], ids=str)
def test_an_invocation_without_records_is_refused_in_words(event: Any) -> None:
    with pytest.raises(InvalidEventError, match="has no Records"):
        handle_records(event, lambda _: None)


FOREIGN = {
    "a token of another service": job_event("AQCforeign", "align", detail("job-0")),
    "another job of this token": job_event("token", "impute", detail("job-0")),
    "a copy of the job under another id": job_event("token", "align", detail("copy", "FAILED")),
    "an array's child of the job": job_event("token", "align", detail("job-0:1", "FAILED")),
    "a node of the job": job_event("token", "align", detail("job-0#1", "FAILED")),
    "the job of another token": job_event("token-2", "align", detail("job-0", "FAILED")),
    **{
        f"the job while it is {status}": job_event("token", "align", detail("job-0", status))
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
    },
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_an_event_of_another_job_leaves_the_task_as_it_was(text: str) -> None:
    world = World()
    world.take("token", job("align"))
    before = world.store.records["token"]
    assert noted(world, text) == {"batchItemFailures": []}
    assert world.store.records == {"token": before}
    assert world.activities.outcomes == {}
    assert world.telemetry.drain()["EventsIgnored"] == 1


@pytest.mark.parametrize("status", ["FAILED", "SUCCEEDED", "RUNNING", "SUBMITTED"])
def test_a_status_that_moves_backwards_changes_nothing(status: str) -> None:
    world = World()
    world.take("token", job("align"), job("impute", "align"))
    noted(world, job_event("token", "align", detail("job-0")))
    before = world.store.records["token"]
    noted(world, job_event("token", "align", detail("job-0", status)))
    assert world.store.records["token"] == before
    assert world.activities.outcomes == {}


def test_a_record_that_fails_holds_up_no_other(log: io.StringIO) -> None:
    class Failing(MemoryTaskStore):
        """A table that is not there for one of the items."""

        def note_job(self, token: str, job: JobRecord) -> Noted:
            if token == task_key(SECRET):
                raise DeniedError(f"no write for {job.name}")
            return super().note_job(token, job)

    world = World(store=Failing())
    world.take("token", job("align"))
    failing = job_event(SECRET, "align", detail("job-0"))
    answer = noted(world, failing, job_event("token", "align", detail("job-0")))
    # it is delivered again, and after many times kept in the dead-letter queue for a person to look at
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert world.store.records["token"].state is TaskState.SUCCEEDED
    assert "no write for align" in log.getvalue()
    assert SECRET[:20] not in log.getvalue()
