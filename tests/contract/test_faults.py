"""Each fault of a call or a function looks to its client as on AWS, and strikes as the plan says."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from sluice_local.faults import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws
from tests.contract.building import Functions, Machines, eventually, refused

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def aws(faulty_aws: LocalAws) -> Iterator[LocalAws]:
    yield faulty_aws
    faulty_aws.heal()


@pytest.fixture
def functions(aws: LocalAws, unique: str) -> Functions:
    return Functions(aws.client("lambda"), unique)


@pytest.fixture
def table(aws: LocalAws, unique: str) -> "Table":
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    aws.client("dynamodb").create_table(
        TableName=unique,
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return Table(aws.client("dynamodb", ONCE), unique)


@dataclass(frozen=True)
class Table:
    """A table whose items have nothing but an id."""

    dynamodb: Any
    name: str

    def put(self, key: str) -> Any:
        return self.dynamodb.put_item(TableName=self.name, Item={"id": {"S": key}})

    def has(self, key: str) -> bool:
        return "Item" in self.dynamodb.get_item(TableName=self.name, Key={"id": {"S": key}})


def inject(aws: LocalAws, kind: FaultKind, target: str, **fields: Any) -> None:
    aws.inject(FaultPlan(1, (Fault(kind, target, **fields),)))


def injected(aws: LocalAws, kind: FaultKind) -> int:
    return sum(aws.page("faults")["injected"].get(kind, {}).values())


# ------------------------------------------------------------------------------------------- the page


def test_the_page_shows_the_plan_and_what_it_has_done(aws: LocalAws, table: Table) -> None:
    plan = FaultPlan(5, (Fault(FaultKind.THROTTLED, "DynamoDB.PutItem", after=1),))
    assert aws.inject(plan)["injected"] == {}
    table.put("a")
    refused(lambda: table.put("b"))
    page = aws.page("faults")
    assert (page["plan"]["seed"], page["plan"]["faults"][0]["kind"]) == (5, "throttled")
    assert page["injected"] == {"throttled": {"DynamoDB.PutItem": 1}}
    assert [strike["subject"] for strike in page["strikes"]] == ["DynamoDB.PutItem"]
    assert (aws.heal()["plan"], aws.page("faults")["injected"]) == (None, page["injected"])


def test_a_plan_that_cannot_be_is_refused_with_the_reason(aws: LocalAws) -> None:
    url = f"{aws.endpoint}/_sluice/faults"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(urllib.request.Request(url, b'{"seed": 1, "faults": [{"kind": "fire"}]}', method="PUT"))
    assert caught.value.code == 400
    assert "faults[0] lacks ['target']" in json.loads(caught.value.read())["message"]


def test_a_page_that_is_only_shown_cannot_be_put(aws: LocalAws) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(urllib.request.Request(f"{aws.endpoint}/_sluice/calls", b"{}", method="PUT"))
    assert caught.value.code == 405


# ------------------------------------------------------------------------------------------- calls


def test_a_lost_answer_is_a_reset_connection_and_the_call_took_effect(aws: LocalAws, table: Table) -> None:
    inject(aws, FaultKind.ANSWER_LOST, "DynamoDB.PutItem", count=1)
    with pytest.raises(ConnectionClosedError):
        table.put("a")
    assert table.has("a")
    table.put("b")
    assert injected(aws, FaultKind.ANSWER_LOST) == 1


def test_the_answer_to_a_refused_call_is_not_lost(aws: LocalAws, table: Table) -> None:
    inject(aws, FaultKind.ANSWER_LOST, "DynamoDB.*")
    assert refused(lambda: table.dynamodb.describe_table(TableName="none")) == "ResourceNotFoundException"
    assert injected(aws, FaultKind.ANSWER_LOST) == 0


def test_a_token_whose_answer_is_lost_is_gone_and_an_empty_poll_is_no_loss(
    aws: LocalAws, unique: str
) -> None:
    # GIVEN a lost answer, and a poll that finds nothing
    states = aws.client("stepfunctions", ONCE)
    activity = states.create_activity(name=unique)["activityArn"]
    machines = Machines(states, unique)
    inject(aws, FaultKind.ANSWER_LOST, "States.GetActivityTask")
    assert "taskToken" not in states.get_activity_task(activityArn=activity)
    # WHEN a task is handed out, THEN its poller hears nothing, and nobody else is given the token
    execution = machines.start(machines.of_one_task(activity))
    with pytest.raises(ConnectionClosedError):
        states.get_activity_task(activityArn=activity)
    assert "ActivityStarted" in machines.events(execution)
    assert injected(aws, FaultKind.ANSWER_LOST) == 1
    aws.heal()
    assert "taskToken" not in states.get_activity_task(activityArn=activity)


def test_a_task_is_completed_though_the_answer_is_lost(aws: LocalAws, unique: str) -> None:
    states = aws.client("stepfunctions", ONCE)
    activity = states.create_activity(name=unique)["activityArn"]
    machines = Machines(states, unique)
    execution = machines.start(machines.of_one_task(activity))
    token = eventually(lambda: states.get_activity_task(activityArn=activity).get("taskToken"))
    inject(aws, FaultKind.ANSWER_LOST, "States.SendTaskSuccess")
    with pytest.raises(ConnectionClosedError):
        states.send_task_success(taskToken=token, output="{}")
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    assert refused(lambda: states.send_task_success(taskToken=token, output="{}")) == "TaskTimedOut"


THROTTLES = {
    "Batch.DescribeJobQueues": (429, "TooManyRequestsException"),
    "DynamoDB.ListTables": (400, "ProvisionedThroughputExceededException"),
    "States.ListActivities": (400, "ThrottlingException"),
}
FAILURES = {
    "Batch.DescribeJobQueues": (500, "ServerException"),
    "DynamoDB.ListTables": (500, "InternalServerError"),
    "States.ListActivities": (500, "InternalFailure"),
}
CALLS: dict[str, Callable[[LocalAws], Any]] = {
    "Batch.DescribeJobQueues": lambda aws: aws.client("batch", ONCE).describe_job_queues(),
    "DynamoDB.ListTables": lambda aws: aws.client("dynamodb", ONCE).list_tables(),
    "States.ListActivities": lambda aws: aws.client("stepfunctions", ONCE).list_activities(),
}


def error_of(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize("api", CALLS)
def test_a_throttled_call_is_answered_as_its_service_does_and_counted(aws: LocalAws, api: str) -> None:
    before = aws.page("calls")["calls"].get(api, {"throttled": 0})["throttled"]
    inject(aws, FaultKind.THROTTLED, api)
    assert error_of(lambda: CALLS[api](aws)) == THROTTLES[api]
    assert aws.page("calls")["calls"][api]["throttled"] == before + 1


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.SERVER_ERROR_AFTER_EFFECT])
@pytest.mark.parametrize("api", CALLS)
def test_a_server_error_is_worded_as_its_service_does(aws: LocalAws, api: str, kind: FaultKind) -> None:
    inject(aws, kind, api)
    assert error_of(lambda: CALLS[api](aws)) == FAILURES[api]


def test_a_throttled_call_and_a_server_error_have_no_effect(aws: LocalAws, table: Table) -> None:
    for kind in (FaultKind.THROTTLED, FaultKind.SERVER_ERROR):
        inject(aws, kind, "DynamoDB.PutItem")
        refused(lambda: table.put("a"))
    assert not table.has("a")


def test_a_server_error_may_hide_an_effect(aws: LocalAws, table: Table) -> None:
    inject(aws, FaultKind.SERVER_ERROR_AFTER_EFFECT, "DynamoDB.PutItem")
    assert error_of(lambda: table.put("a")) == (500, "InternalServerError")
    assert table.has("a")


def test_a_storm_ends_after_its_seconds(aws: LocalAws, table: Table) -> None:
    inject(aws, FaultKind.THROTTLED, "DynamoDB.PutItem", seconds=0.2)
    refused(lambda: table.put("a"))

    def passed() -> bool:
        try:
            table.put("a")
        except ClientError:
            return False
        return True

    eventually(passed)


def test_a_slow_answer_outlasts_an_impatient_client_and_the_call_took_effect(
    aws: LocalAws, table: Table
) -> None:
    impatient = aws.client("dynamodb", ONCE.merge(Config(read_timeout=0.3)))
    inject(aws, FaultKind.SLOW_ANSWER, "DynamoDB.PutItem", seconds=1.0, count=1)
    with pytest.raises(BotoCoreError, match="Read timeout"):
        impatient.put_item(TableName=table.name, Item={"id": {"S": "a"}})
    assert table.has("a")


def test_a_slow_answer_comes_in_the_end(aws: LocalAws, table: Table) -> None:
    inject(aws, FaultKind.SLOW_ANSWER, "DynamoDB.PutItem", seconds=0.2)
    began = time.monotonic()
    table.put("a")
    assert time.monotonic() - began >= 0.2


# ------------------------------------------------------------------------------------------- functions

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
    aws: LocalAws, functions: Functions, tmp_path: Any
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
    aws: LocalAws, functions: Functions, tmp_path: Any
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
