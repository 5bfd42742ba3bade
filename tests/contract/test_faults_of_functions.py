"""A function that is killed or timed out on purpose fails as on AWS, and so does what waits for it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws
from tests.contract.faulty import Table, inject, injected
from tests.support.building import Functions, Machines, eventually


@pytest.fixture
def functions(aws: LocalAws, unique: str) -> Functions:
    return Functions(aws.client("lambda"), unique)


WRITING = """
import os
import boto3
from botocore.config import Config

dynamodb = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

def handler(event, context):
    print("begins", event["id"])
    dynamodb.put_item(TableName=event["table"], Item={"id": {"S": event["id"]}})
    dynamodb.put_item(TableName=event["table"], Item={"id": {"S": event["id"] + "-second"}})
    return os.getpid()
"""


def test_a_function_killed_after_a_call_leaves_the_call_s_effect_and_nothing_more(
    aws: LocalAws, table: Table, functions: Functions
) -> None:
    # GIVEN a warm function that is to die at its first write
    arn = functions.create(WRITING, Timeout=20)
    _, process = functions.invoke(arn, {"table": table.name, "id": "before"})
    inject(aws, FaultKind.FUNCTION_KILLED_AFTER_CALL, "DynamoDB.PutItem", caller=functions.name, count=1)
    # WHEN it is invoked, THEN the invocation fails as one whose process has died
    succeeded, payload = functions.invoke(arn, {"table": table.name, "id": "a"})
    assert (succeeded, payload["errorType"]) == (False, "Runtime.ExitError")
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert (table.has("a"), table.has("a-second")) == (True, False)
    # and the next one finds a new environment
    succeeded, other = functions.invoke(arn, {"table": table.name, "id": "b"})
    assert succeeded
    assert other != process
    assert table.has("b-second")


def test_a_function_killed_before_a_call_leaves_nothing(
    aws: LocalAws, table: Table, functions: Functions
) -> None:
    arn = functions.create(WRITING, Timeout=20)
    inject(aws, FaultKind.FUNCTION_KILLED_BEFORE_CALL, "DynamoDB.PutItem", count=1)
    assert functions.invoke(arn, {"table": table.name, "id": "a"})[1]["errorType"] == "Runtime.ExitError"
    assert not table.has("a")
    assert injected(aws, FaultKind.FUNCTION_KILLED_BEFORE_CALL) == 1


WAITING = """
import os, time
import boto3

def handler(event, context):
    open(event["begun"], "w").close()
    while not os.path.exists(event["go"]):
        time.sleep(0.01)
    boto3.client("dynamodb").put_item(TableName=event["table"], Item={"id": {"S": "a"}})
"""


def test_an_invocation_from_before_a_change_of_its_function_is_killed_as_any(
    aws: LocalAws, table: Table, functions: Functions, tmp_path: Path
) -> None:
    arn = functions.create(WAITING, Timeout=20)
    begun, go = tmp_path / "begun", tmp_path / "go"
    event = {"begun": str(begun), "go": str(go), "table": table.name}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(functions.invoke, arn, event)
        eventually(begun.exists)
        functions.client.update_function_configuration(FunctionName=arn, Timeout=30)
        inject(aws, FaultKind.FUNCTION_KILLED_BEFORE_CALL, "DynamoDB.PutItem", count=1)
        go.touch()
        assert running.result()[1]["errorType"] == "Runtime.ExitError"
    assert not table.has("a")


def test_people_s_calls_kill_nobody(aws: LocalAws, table: Table) -> None:
    aws.inject(
        FaultPlan(
            1,
            (
                Fault(FaultKind.FUNCTION_KILLED_BEFORE_CALL, "*"),
                Fault(FaultKind.FUNCTION_KILLED_AFTER_CALL, "*"),
            ),
        )
    )
    table.put("a")
    assert aws.page("faults")["injected"] == {}


def test_a_caller_chooses_whose_calls_fail(aws: LocalAws, table: Table, functions: Functions) -> None:
    arn = functions.create(WRITING, Timeout=20)
    inject(aws, FaultKind.THROTTLED, "DynamoDB.PutItem", caller=functions.name)
    table.put("mine")
    succeeded, payload = functions.invoke(arn, {"table": table.name, "id": "a"})
    assert (succeeded, payload["errorType"]) == (False, "ProvisionedThroughputExceededException")
    (strike,) = aws.page("faults")["strikes"]
    assert strike["subject"] == f"DynamoDB.PutItem by {functions.name}"


def test_what_a_killed_function_has_logged_is_kept(aws: LocalAws, table: Table, functions: Functions) -> None:
    arn = functions.create(WRITING, Timeout=20)
    inject(aws, FaultKind.FUNCTION_KILLED_AFTER_CALL, "DynamoDB.PutItem", count=1)
    functions.invoke(arn, {"table": table.name, "id": "last-words"})
    logs = aws.client("logs")

    def logged() -> bool:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{functions.name}")["events"]
        return "begins last-words" in "\n".join(event["message"] for event in events)

    eventually(logged)


SLEEPING = """
import time

def handler(event, context):
    open(event["begun"], "w").close()
    time.sleep(event["seconds"])
    return "done"
"""


def test_a_function_is_timed_out_long_before_its_timeout(
    aws: LocalAws, functions: Functions, tmp_path: Path
) -> None:
    arn = functions.create(SLEEPING, Timeout=600)
    inject(aws, FaultKind.FUNCTION_TIMED_OUT, functions.name, seconds=1.5, count=1)
    succeeded, payload = functions.invoke(arn, {"begun": str(tmp_path / "a"), "seconds": 60})
    assert not succeeded
    assert payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 600.00 seconds" in payload["errorMessage"]
    assert (tmp_path / "a").exists()
    assert functions.invoke(arn, {"begun": str(tmp_path / "b"), "seconds": 0}) == (True, "done")


def test_an_invocation_that_ends_in_time_is_not_timed_out(
    aws: LocalAws, functions: Functions, tmp_path: Path
) -> None:
    arn = functions.create(SLEEPING, Timeout=600)
    inject(aws, FaultKind.FUNCTION_TIMED_OUT, functions.name, seconds=30)
    assert functions.invoke(arn, {"begun": str(tmp_path / "a"), "seconds": 0}) == (True, "done")


def test_a_killed_function_s_messages_come_again(aws: LocalAws, table: Table, functions: Functions) -> None:
    # GIVEN a queue whose function dies at its first write
    source = """
import os
import boto3

def handler(event, context):
    for record in event["Records"]:
        item = {"id": {"S": record["body"]}}
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=item)
        item = {"id": {"S": record["body"] + "-done"}}
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=item)
"""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=functions.name, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = functions.create(source, Timeout=20, Environment={"Variables": {"TABLE": table.name}})
    inject(aws, FaultKind.FUNCTION_KILLED_AFTER_CALL, "DynamoDB.PutItem", count=1)
    aws.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    # WHEN a message is sent, THEN it is done at the second try
    sqs.send_message(QueueUrl=url, MessageBody="work")
    eventually(lambda: table.has("work-done"))
    assert injected(aws, FaultKind.FUNCTION_KILLED_AFTER_CALL) == 1


def test_a_state_machine_catches_a_killed_function(aws: LocalAws, table: Table, functions: Functions) -> None:
    states = aws.client("stepfunctions")
    machines = Machines(states, functions.name)
    machine = machines.create(
        {
            "StartAt": "Work",
            "States": {
                "Work": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": functions.create(WRITING, Timeout=20), "Payload.$": "$"},
                    "Catch": [{"ErrorEquals": ["Runtime.ExitError"], "Next": "Caught"}],
                    "End": True,
                },
                "Caught": {"Type": "Pass", "End": True},
            },
        }
    )
    inject(aws, FaultKind.FUNCTION_KILLED_BEFORE_CALL, "DynamoDB.PutItem")
    assert machines.output(machine, {"table": table.name, "id": "a"})["Error"] == "Runtime.ExitError"
