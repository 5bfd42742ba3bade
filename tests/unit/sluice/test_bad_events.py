"""Whatever arrives as an event: it is one of ours, or it is passed over; nothing else happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.aws.tables.attributes import to_item
from sluice.aws.tables.task_items import job_values
from sluice.events import MAX_TOKEN, InvalidEventError, is_wake_up
from sluice.pollers.request import PollerRound, read_poller_round
from sluice.tasks.completion import MAX_TEXT_BYTES
from sluice.tasks.execution_event import EndedExecution, read_ended_execution
from sluice.tasks.job_event import EndedJob, read_job_event
from sluice.tasks.model import TERMINAL
from tests.support.builders import EXECUTION, detail

TOKEN = "AQCsecret"
OURS = {"taskToken": TOKEN, "taskJob": "align", "sample": "NA06989"}


def batch_event(**fields: Any) -> dict[str, Any]:
    """An event of an ended job of ours, with other fields in its detail."""
    return {
        "version": "0",
        "id": "c8f9c4b5-76e5-d76a-f980-7011e206042b",
        "detail-type": "Batch Job State Change",
        "source": "aws.batch",
        "account": "000000000000",
        "time": "2026-11-23T06:55:18Z",
        "region": "us-east-1",
        "resources": ["arn:aws:batch:us-east-1:000000000000:job/34b5ebba"],
        "detail": {**detail("34b5ebba"), "jobName": "align-0123456789abcdef", "parameters": OURS, **fields},
    }


def states_event(**fields: Any) -> dict[str, Any]:
    """An event of a stopped execution, with other fields in its detail."""
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:workflow"
    times = {"startDate": 1795416900000, "stopDate": 1795416918000}
    body = {"executionArn": EXECUTION, "stateMachineArn": machine, "status": "ABORTED", **times, **fields}
    return {"detail-type": "Step Functions Execution Status Change", "source": "aws.states", "detail": body}


def sns(event: dict[str, Any]) -> dict[str, Any]:
    """What a topic of SNS between a rule and a queue makes of an event."""
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": json.dumps(event)}


NO_EVENT = {
    "nothing": "",
    "a blank": " ",
    "no JSON": "wake up!",
    "JSON that was cut off": json.dumps(batch_event())[:-1],
    "null": "null",
    "a number": "7",
    "no number": "NaN",
    "a string that holds an event": json.dumps(json.dumps(batch_event())),
    "a list of events": json.dumps([batch_event(), states_event()]),
    "lists 100,000 deep": "[" * 100_000,
    "objects 100,000 deep": '{"detail":' * 100_000,
    "an integer of 5,000 digits": '{"detail": ' + "9" * 5_000 + "}",
    "256 KiB of blanks": " " * 262_144,
    "an empty object": "{}",
    "an envelope of SNS": json.dumps(sns(batch_event())),
    "a wake-up call": '{"wake": "JobEnded"}',
    "EventBridge's own test": json.dumps({"detail-type": "Scheduled Event", "detail": {}}),
    "a type that is no text": json.dumps({**batch_event(), "detail-type": ["Batch Job State Change"]}),
    "Batch's other event": json.dumps({**batch_event(), "detail-type": "Batch Job Queue Blocked"}),
    "an event of ECS": json.dumps({**batch_event(), "detail-type": "ECS Task State Change"}),
    "no detail": json.dumps({"detail-type": "Batch Job State Change"}),
    "no detail of an execution": json.dumps({"detail-type": "Step Functions Execution Status Change"}),
    "a detail that is a list": json.dumps({**batch_event(), "detail": [batch_event()["detail"]]}),
    "a detail that is text": json.dumps({**states_event(), "detail": json.dumps(states_event()["detail"])}),
}

NOT_OURS = {
    "no parameters": batch_event(parameters=None),
    "parameters that are a list": batch_event(parameters=["taskToken", "taskJob"]),
    "a job without a token": batch_event(parameters={"sample": "NA06989"}),
    "a token without a job": batch_event(parameters={"taskToken": TOKEN}),
    "an empty token": batch_event(parameters={**OURS, "taskToken": ""}),
    "a token that is a number": batch_event(parameters={**OURS, "taskToken": 7}),
    "a token that is an object": batch_event(parameters={**OURS, "taskToken": {"S": TOKEN}}),
    "a token longer than any": batch_event(parameters={**OURS, "taskToken": "t" * (MAX_TOKEN + 1)}),
    "a token of other letters": batch_event(parameters={**OURS, "taskToken": "t\u0435"}),
    "a token with half of a surrogate pair": batch_event(parameters={**OURS, "taskToken": "t\ud800"}),
    "an empty job's name": batch_event(parameters={**OURS, "taskJob": ""}),
    "a job's name that none can have": batch_event(parameters={**OURS, "taskJob": "jobs.#status"}),
    "a job's name longer than any": batch_event(parameters={**OURS, "taskJob": "a" * 112}),
    "a job's name with half of a surrogate pair": batch_event(parameters={**OURS, "taskJob": "a\ud800"}),
    "an array's child by its id": batch_event(jobId="34b5ebba:7"),
    "an array's child by its index": batch_event(arrayProperties={"index": 7}),
    "a node of a multi-node job": batch_event(jobId="34b5ebba#0"),
    "no id": batch_event(jobId=None),
    "an empty id": batch_event(jobId=""),
    "an id longer than any": batch_event(jobId="1" * (MAX_TEXT_BYTES + 1)),
    "an id with half of a surrogate pair": batch_event(jobId="1\ud800"),
    "no status": batch_event(status=None),
    "a status that is a list": batch_event(status=["SUCCEEDED"]),
    "a status in another case": batch_event(status="Succeeded"),
    "a status that Batch does not have": batch_event(status="CANCELLED"),
    **{
        f"a job that is {status}": batch_event(status=status)
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
    },
}

NOT_STOPPED = {
    "no ARN": states_event(executionArn=None),
    "an empty ARN": states_event(executionArn=""),
    "an ARN that is a list": states_event(executionArn=[EXECUTION]),
    "an ARN of a state machine": states_event(executionArn=EXECUTION.replace("execution", "stateMachine")),
    "an ARN longer than any": states_event(executionArn=EXECUTION + "x" * 5_000),
    "an ARN with half of a surrogate pair": states_event(executionArn=EXECUTION + "\ud800"),
    "no time": states_event(stopDate=None),
    "true for a time": states_event(stopDate=True),
    "a time in words": states_event(stopDate="2026-11-23T06:55:18Z"),
    "a time with a fraction": states_event(stopDate=1795416918.5),
    "no status": states_event(status=None),
    "a status that is a list": states_event(status=["ABORTED"]),
    "a status that is an object": states_event(status={"ABORTED": 1}),
    **{
        f"an execution that is {s}": states_event(status=s)
        for s in ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE")
    },
}


@pytest.mark.parametrize("text", NO_EVENT.values(), ids=NO_EVENT.keys())
def test_what_is_no_event_is_passed_over(text: str) -> None:
    assert read_job_event(text) is None
    assert read_ended_execution(text) is None


@pytest.mark.parametrize("event", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_what_is_no_ended_job_of_ours_is_passed_over(event: dict[str, Any]) -> None:
    assert read_job_event(json.dumps(event)) is None
    assert read_ended_execution(json.dumps(event)) is None


@pytest.mark.parametrize("event", NOT_STOPPED.values(), ids=NOT_STOPPED.keys())
def test_what_is_no_stopped_execution_is_passed_over(event: dict[str, Any]) -> None:
    assert read_ended_execution(json.dumps(event)) is None
    assert read_job_event(json.dumps(event)) is None


ODD = {
    "as Batch sends it": batch_event(),
    "fields that nobody knows": batch_event(colour="blue", attempts=None, container=None, tags=7),
    "an array's parent": batch_event(arrayProperties={"size": 3, "statusSummary": {"SUCCEEDED": 3}}),
    "a multi-node job": batch_event(nodeProperties={"numNodes": 2, "mainNode": 0}),
    "numbers that are none": batch_event(createdAt=float("nan"), startedAt="1", stoppedAt=True),
    "numbers larger than any": batch_event(createdAt=10**300, startedAt=-(10**300), stoppedAt=2**63),
    "reasons of 200 KB": batch_event(status="FAILED", statusReason="Host EC2 " * 20_000),
    "a reason of halves of surrogate pairs": batch_event(status="FAILED", statusReason="\ud800" * 900),
    "a reason that is a list": batch_event(status="FAILED", statusReason=["Host EC2"]),
    "containers that are none": batch_event(
        status="FAILED",
        container=[],
        ecsProperties={"taskProperties": [None, {"containers": [7, {"exitCode": [1]}]}]},
        eksProperties={"podProperties": {"containers": "none"}},
    ),
    "another account and Region": {**batch_event(), "account": "111111111111", "region": "eu-west-1"},
}


def check(ended: EndedJob) -> None:
    """Holds what was read to what the task table can keep."""
    assert ended.job.status in TERMINAL
    assert ended.key.isascii()
    assert TOKEN not in repr(ended)
    for kept in to_item(job_values(ended.job)).values():
        ((_, value),) = kept.items()
        # DynamoDB's numbers have 38 digits, its texts are UTF-8
        assert len(value.encode()) <= (38 if "N" in kept else MAX_TEXT_BYTES)


@pytest.mark.parametrize("event", ODD.values(), ids=ODD.keys())
def test_what_is_odd_in_an_event_of_ours_is_left_out(event: dict[str, Any]) -> None:
    ended = read_job_event(json.dumps(event))
    assert isinstance(ended, EndedJob)
    check(ended)


def test_a_stop_time_of_any_size_is_a_time() -> None:
    stopped = read_ended_execution(json.dumps(states_event(stopDate=-(10**300))))
    assert stopped == EndedExecution(EXECUTION, "ABORTED", -(10**300))


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(
        [10**300, "SUCCEEDED", "FAILED", "ABORTED", "x" * 600, "\ud800", TOKEN, "align", ":", "#"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt_events(draw: st.DrawFn) -> str:
    """An event of either kind of which a few fields, at any depth, were replaced or taken away."""
    event = json.loads(
        json.dumps(draw(st.sampled_from([batch_event(), batch_event(status="FAILED"), states_event()])))
    )
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = draw(
            st.sampled_from([event, event["detail"], event["detail"].get("parameters", event)])
        )
        if not isinstance(holder, dict) or not holder:
            break
        name = draw(st.sampled_from(sorted(holder)))
        if holder is event and name == "detail":
            continue
        if draw(st.booleans()):
            holder[name] = draw(junk)
        else:
            del holder[name]
    return json.dumps(event)


@given(spoilt_events() | junk.map(json.dumps) | st.text(st.characters()))
def test_a_spoilt_event_is_passed_over_or_can_be_kept(text: str) -> None:
    ended, stopped = read_job_event(text), read_ended_execution(text)
    assert ended is None or stopped is None
    if isinstance(ended, EndedJob):
        check(ended)
    if stopped is not None:
        assert len(stopped.execution_arn.encode()) <= 1_024


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "the input is null; it must be an object"),
        ([], "the input is []"),
        ({}, "slot is missing; it must be an integer from 0 to 99"),
        ({"slot": 0}, "probe is missing; it must be true or false"),
        ({"slot": True, "probe": True}, "slot is true"),
        ({"slot": "0", "probe": True}, 'slot is "0"'),
        ({"slot": -1, "probe": True}, "slot is -1"),
        ({"slot": 100, "probe": True}, "slot is 100"),
        ({"slot": 0, "probe": "false"}, 'probe is "false"'),
    ],
    ids=str,
)
def test_a_round_that_no_poller_asks_for_is_refused_by_name(event: Any, said: str) -> None:
    with pytest.raises(InvalidEventError) as caught:
        read_poller_round(event)
    assert said in str(caught.value)
    assert "activity_poller.asl.json" in str(caught.value)


@given(junk)
def test_no_round_fails_in_another_way(event: Any) -> None:
    with pytest.raises(InvalidEventError):
        read_poller_round(event)


def test_a_round_of_a_later_version_of_the_poller_is_read() -> None:
    assert read_poller_round({"slot": 3, "probe": False, "colour": "blue"}) == PollerRound(3, probe=False)


@pytest.mark.parametrize("event", [None, [], "Records", 7, {}, {"detail": {}}], ids=str)
def test_what_no_queue_sends_is_the_schedule(event: Any) -> None:
    assert not is_wake_up(event)


@pytest.mark.parametrize("records", [None, [], [{}], [{"body": "garbage"}]], ids=str)
def test_records_wake_whatever_they_hold(records: Any) -> None:
    assert is_wake_up({"Records": records})
