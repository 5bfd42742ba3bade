"""Activities behave as AWS documents them."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config

from sluice_local.server import LocalAws
from tests.support.building import Machines, refused


def test_a_poll_hands_out_the_task_and_success_goes_on_with_its_output(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    execution = machines.start(machines.of_one_task(activity_arn), {"sample": "NA06989"})
    task = states.get_activity_task(activityArn=activity_arn, workerName="worker-1")
    assert json.loads(task["input"]) == {"sample": "NA06989"}
    states.send_task_success(taskToken=task["taskToken"], output='{"done": true}')
    assert json.loads(machines.ended(execution)["output"]) == {"done": True}
    assert machines.events(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_an_empty_poll_ends_after_the_poll_time_without_a_token(states: Any, activity_arn: str) -> None:
    assert "taskToken" not in states.get_activity_task(activityArn=activity_arn)


def test_each_task_is_handed_out_exactly_once_to_concurrent_pollers(
    local_aws: LocalAws, machines: Machines, activity_arn: str
) -> None:
    client = local_aws.client("stepfunctions", Config(max_pool_connections=32))
    machine = machines.of_one_task(activity_arn)
    for number in range(20):
        machines.start(machine, number)

    def poll(_: int) -> str | None:
        task = client.get_activity_task(activityArn=activity_arn)
        return str(task["input"]) if "taskToken" in task else None

    with ThreadPoolExecutor(32) as pool:
        inputs = [text for text in pool.map(poll, range(32)) if text]
    assert sorted(map(int, inputs)) == list(range(20))


def test_a_failure_carries_its_error_and_cause_into_the_catcher(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machine = machines.create(
        {
            "StartAt": "Work",
            "States": {
                "Work": {
                    "Type": "Task",
                    "Resource": activity_arn,
                    "Catch": [{"ErrorEquals": ["Job.OutOfMemory"], "Next": "Caught"}],
                    "End": True,
                },
                "Caught": {"Type": "Pass", "End": True},
            },
        }
    )
    execution = machines.start(machine)
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    states.send_task_failure(taskToken=token, error="Job.OutOfMemory", cause="killed")
    assert json.loads(machines.ended(execution)["output"]) == {"Error": "Job.OutOfMemory", "Cause": "killed"}
    assert "ActivityFailed" in machines.events(execution)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"TimeoutSeconds": 1}, "States.Timeout"),
        ({"TimeoutSecondsPath": "$.limit"}, "States.Timeout"),
        (
            {"QueryLanguage": "JSONata", "TimeoutSeconds": "{% $states.input.limit %}"},
            "States.Timeout",
        ),
        ({"HeartbeatSeconds": 1}, "States.HeartbeatTimeout"),
        ({"HeartbeatSecondsPath": "$.limit"}, "States.HeartbeatTimeout"),
    ],
)
def test_a_started_task_that_is_too_slow_times_out_and_its_token_dies(
    states: Any, machines: Machines, activity_arn: str, fields: Any, error: str
) -> None:
    execution = machines.start(machines.of_one_task(activity_arn, **fields), {"limit": 1})
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    described = machines.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", error)
    assert "ActivityTimedOut" in machines.events(execution)
    assert refused(lambda: states.send_task_success(taskToken=token, output="{}")) == "TaskTimedOut"


def test_the_timeout_counts_from_the_moment_a_poller_takes_the_task(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    execution = machines.start(machines.of_one_task(activity_arn, TimeoutSeconds=1))
    time.sleep(1.2)  # longer than the limit: what is shown is that nothing happens
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    states.send_task_success(taskToken=token, output="{}")
    assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_heartbeats_keep_a_task_alive_longer_than_its_heartbeat_limit(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    execution = machines.start(machines.of_one_task(activity_arn, HeartbeatSeconds=1))
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    for _ in range(4):
        time.sleep(0.4)
        states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output="{}")
    assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_a_retry_on_timeout_makes_a_new_token_after_a_missed_heartbeat(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}]
    execution = machines.start(machines.of_one_task(activity_arn, HeartbeatSeconds=1, Retry=retry))
    first = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    second = None
    while second is None:
        second = states.get_activity_task(activityArn=activity_arn).get("taskToken")
    assert second != first
    states.send_task_success(taskToken=second, output="{}")
    assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_a_stopped_execution_kills_its_open_token_and_its_queued_task(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machine = machines.of_one_task(activity_arn, Retry=[{"ErrorEquals": ["States.ALL"]}])
    taken, queued = machines.start(machine), machines.start(machine)
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    for execution in (taken, queued):
        states.stop_execution(executionArn=execution)
    for send in (
        lambda: states.send_task_heartbeat(taskToken=token),
        lambda: states.send_task_failure(taskToken=token),
        lambda: states.send_task_success(taskToken=token, output="{}"),
    ):
        assert refused(send) == "TaskTimedOut"
    assert "taskToken" not in states.get_activity_task(activityArn=activity_arn)
    assert machines.ended(taken)["status"] == "ABORTED"


def test_a_completed_token_is_closed_and_an_invented_one_does_not_exist(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machines.start(machines.of_one_task(activity_arn))
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    states.send_task_success(taskToken=token, output="{}")
    assert refused(lambda: states.send_task_success(taskToken=token, output="{}")) == "TaskTimedOut"
    assert refused(lambda: states.send_task_heartbeat(taskToken="invented")) == "TaskDoesNotExist"


def test_an_output_that_is_no_json_and_a_cause_that_is_too_long_are_refused(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    machines.start(machines.of_one_task(activity_arn))
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    assert refused(lambda: states.send_task_success(taskToken=token, output="{")) == "InvalidOutput"
    assert (
        refused(lambda: states.send_task_failure(taskToken=token, cause="x" * 32_769))
        == "ValidationException"
    )
    states.send_task_failure(taskToken=token, cause="x" * 32_768)


def test_a_dropped_long_poll_swallows_no_task(
    local_aws: LocalAws, states: Any, machines: Machines, activity_arn: str
) -> None:
    # GIVEN a poll whose client goes away before there is a task
    host = local_aws.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    target = {
        "X-Amz-Target": "AWSStepFunctions.GetActivityTask",
        "Content-Type": "application/x-amz-json-1.0",
    }
    connection.request("POST", "/", json.dumps({"activityArn": activity_arn}), target)
    connection.close()
    # WHEN a task comes
    machines.start(machines.of_one_task(activity_arn))
    # THEN the next poll has it
    assert "taskToken" in states.get_activity_task(activityArn=activity_arn)


def test_polling_or_running_an_activity_that_does_not_exist_fails(states: Any, machines: Machines) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:activity:none"
    assert refused(lambda: states.get_activity_task(activityArn=arn)) == "ActivityDoesNotExist"
    assert machines.ended(machines.start(machines.of_one_task(arn)))["error"] == "States.Runtime"


def test_creating_an_activity_again_gives_the_same_one(states: Any, unique: str) -> None:
    first, second = (states.create_activity(name=unique) for _ in range(2))
    assert (first["activityArn"], first["creationDate"]) == (second["activityArn"], second["creationDate"])
