"""The rules of the simulated services, each as AWS's page has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.aws.errors import Refusal
from tests.simulation.aws.queues import matches
from tests.simulation.aws.stepfunctions import StepFunctions
from tests.simulation.aws.workflows import State, Workflows
from tests.simulation.kernel.world import Process
from tests.unit.simulation.building import acted, batch, pass_time, world

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:workflow"


def request(name: str, **fields: Any) -> dict[str, Any]:
    return {"jobName": name, "jobQueue": "queue", "jobDefinition": "d", **fields}


def test_a_job_that_is_submitted_twice_is_two_jobs_and_is_listed_late() -> None:
    here = world()
    events: list[Any] = []
    service = batch(here, events, lag=10)
    ids = {service.submit_job(request("one"))["jobId"] for _ in range(2)}
    wanted = {"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["ONE"]}]}
    assert len(ids) == 2
    assert service.list_jobs(wanted)["jobSummaryList"] == []
    pass_time(here, 11)
    assert {job["jobId"] for job in service.list_jobs(wanted)["jobSummaryList"]} == ids


def test_a_job_whose_dependency_fails_fails_and_every_end_is_told() -> None:
    here = world()
    events: list[Any] = []
    service = batch(here, events)
    first = service.submit_job(request("first"))["jobId"]
    service.submit_job(request("second", dependsOn=[{"jobId": first}], arrayProperties={"size": 2}))
    service.terminate_job({"jobId": first, "reason": "enough"})
    pass_time(here, 30)
    told = {event["detail"]["jobId"]: event["detail"]["statusReason"] for event in events}
    second = "job-00001"
    assert told[first] == "enough"
    assert {told[second], told[f"{second}:0"], told[f"{second}:1"]} == {"Dependent Job failed"}


def test_jobs_are_ended_together_and_each_is_answered_for() -> None:
    here = world()
    service = batch(here, [])
    ids = [service.submit_job(request(name))["jobId"] for name in ("first", "second")]
    answer = service.terminate_jobs({"jobs": [*ids, "gone"], "reason": "enough"})
    assert answer == {"successful": [*ids, "gone"], "errors": []}
    pass_time(here, 30)
    assert {service.jobs[job_id].reason for job_id in ids} == {"enough"}


def test_fifty_submissions_a_second_are_taken_and_no_more() -> None:
    here = world()
    service = batch(here, [])
    for index in range(50):
        service.submit_job(request(f"job{index}"))
    with pytest.raises(Refusal, match="TooManyRequestsException"):
        service.submit_job(request("one-too-many"))


def workflows(here: Any, state: State, events: list[Any]) -> StepFunctions:
    service = StepFunctions(here, events.append)
    service.drivers[MACHINE] = Workflows(service, lambda _: (state,))
    return service


def test_a_name_is_refused_once_its_execution_has_ended() -> None:
    here = world()
    events: list[Any] = []
    service = workflows(here, State("work", ({},)), events)
    asked = {"stateMachineArn": MACHINE, "name": "one", "input": "{}"}
    arn = service.start_execution(asked)["executionArn"]
    assert service.start_execution(asked)["executionArn"] == arn
    with pytest.raises(Refusal, match="ExecutionAlreadyExists"):
        service.start_execution(asked | {"input": "[]"})
    service.stop_execution({"executionArn": arn})
    with pytest.raises(Refusal, match="ExecutionAlreadyExists"):
        service.start_execution(asked)
    assert [event["detail"]["status"] for event in events] == ["RUNNING", "ABORTED"]


def test_heartbeats_count_from_the_hand_out_and_a_late_token_is_dead() -> None:
    here = world()
    service = workflows(here, State("work", ({},), heartbeat=100, retries=0), [])
    service.start(MACHINE, "one", "{}")
    pass_time(here, 500)
    taken = acted(here, lambda: service.get_activity_task({}))
    pass_time(here, 1)
    token = taken[0]["taskToken"]
    pass_time(here, 90)
    service.send_task_heartbeat({"taskToken": token})
    pass_time(here, 90)
    service.send_task_heartbeat({"taskToken": token})
    pass_time(here, 110)
    with pytest.raises(Refusal, match="TaskTimedOut"):
        service.send_task_success({"taskToken": token, "output": "{}"})
    (execution,) = service.executions.values()
    assert (execution.status, execution.error) == ("FAILED", "States.HeartbeatTimeout")


def test_a_poll_is_empty_after_a_minute_and_a_frozen_poller_hears_later() -> None:
    here = world()
    service = workflows(here, State("work", ({},)), [])
    empty = acted(here, lambda: service.get_activity_task({}))
    pass_time(here, 61)
    assert empty == [{}]
    process = Process(here, "poller")
    taken = acted(here, lambda: service.get_activity_task({}), process)
    pass_time(here, 1)
    here.freeze(process, 30)
    service.start(MACHINE, "one", "{}")
    pass_time(here, 20)
    assert taken == []
    pass_time(here, 20)
    assert taken[0]["taskToken"]


def test_a_redriven_execution_goes_on_under_its_arn() -> None:
    here = world()
    events: list[Any] = []
    service = workflows(here, State("work", ({},)), events)
    execution = service.start(MACHINE, "one", "{}")
    pass_time(here, 1)
    service.end(execution, "ABORTED")
    service.redrive(execution)
    pass_time(here, 1)
    assert execution.running
    assert len([task for task in service.tasks.values() if task.over is None]) == 1


def test_a_redrive_is_made_once_by_its_token_and_refused_while_it_runs() -> None:
    here = world()
    service = workflows(here, State("work", ({},)), [])
    execution = service.start(MACHINE, "one", "{}")
    asked = {"executionArn": execution.arn, "clientToken": "token"}
    with pytest.raises(Refusal, match="ExecutionNotRedrivable"):
        service.redrive_execution(asked)
    service.end(execution, "ABORTED")
    assert service.redrive_execution(asked) == service.redrive_execution(asked)
    assert len(execution.past_ends) == 1
    with pytest.raises(Refusal, match="ExecutionNotRedrivable"):
        service.redrive_execution({**asked, "clientToken": "other"})
    service.end(execution, "ABORTED")
    service.redrive_execution(asked)
    assert not execution.running, "the token is known yet"


@pytest.mark.parametrize(
    ("pattern", "event", "same"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "y"}, False),
        ({"a": {"b": [{"exists": False}]}}, {"a": {}}, True),
        ({"a": {"b": [{"exists": True}]}}, {"a": {"b": 1}}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"wildcard": "*.*.*"}]}, {"a": "run.1.s"}, True),
        ({"a": [{"wildcard": "*.*.*"}]}, {"a": "run"}, False),
    ],
)
def test_a_pattern_matches_as_eventbridge_says(pattern: Any, event: Any, same: bool) -> None:
    assert matches(pattern, event) is same
