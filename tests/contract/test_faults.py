"""Each fault of a call looks to its client as on AWS, and strikes as the plan says."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from sluice_local.server import LocalAws
from tests.contract.faulty import ONCE, Table, inject, injected
from tests.support.building import Machines, eventually, refused

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
    assert (aws.end_faults()["plan"], aws.page("faults")["injected"]) == (None, page["injected"])


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
    aws.end_faults()
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
    table.put("a")
    assert injected(aws, FaultKind.SLOW_ANSWER) == 1


def test_polls_are_blocked_until_they_end_and_the_task_goes_to_the_next(aws: LocalAws, unique: str) -> None:
    states = aws.client("stepfunctions")
    machines = Machines(states, unique)
    activity_arn = states.create_activity(name=unique)["activityArn"]
    machines.start(machines.of_one_task(activity_arn))
    inject(aws, FaultKind.POLLS_BLOCKED, unique, count=1)
    assert "taskToken" not in states.get_activity_task(activityArn=activity_arn)
    assert injected(aws, FaultKind.POLLS_BLOCKED) == 1
    assert states.get_activity_task(activityArn=activity_arn)["taskToken"]
