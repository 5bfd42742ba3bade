"""The children of a Distributed Map are executions of their own."""

import json
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import Functions, Machines, eventually

CONTEXT = {
    "id.$": "$$.Execution.Id",
    "name.$": "$$.Execution.Name",
    "input.$": "$$.Execution.Input",
    "machine.$": "$$.StateMachine.Id",
}
TELL = {"StartAt": "Tell", "States": {"Tell": {"Type": "Pass", "Parameters": CONTEXT, "End": True}}}


def machine(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **states}
    each = {"Type": "Map", "Label": "Each", "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": each}}


@pytest.fixture
def bucket(local_aws: LocalAws, unique: str) -> str:
    local_aws.client("s3").create_bucket(Bucket=unique)
    return unique


def read(aws: LocalAws, bucket: str, key: str) -> Any:
    return json.loads(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def children(states: Any, execution: str) -> list[dict[str, Any]]:
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    found: list[dict[str, Any]] = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    return found


def test_a_child_has_its_own_context_object_and_history(states: Any, machines: Machines) -> None:
    arn = machines.create(machine(TELL))
    execution = machines.start(arn, ["x", "y"])
    told = json.loads(machines.ended(execution)["output"])
    by_arn = {child["executionArn"]: child for child in children(states, execution)}
    assert {each["id"] for each in told} == by_arn.keys()
    assert [each["input"] for each in told] == ["x", "y"]
    for each in told:
        assert each["name"] == by_arn[each["id"]]["name"]
        assert each["machine"] == f"{arn}/Each"
        assert machines.events(each["id"]) == [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    assert machines.events(execution)[2:6] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
    ]


def test_the_results_are_written_to_s3(local_aws: LocalAws, machines: Machines, bucket: str) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket.$": "$.bucket", "Prefix": "out"},
    }
    arn = machines.create(machine(TELL, ItemsPath="$.items", ResultWriter=writer))
    output = machines.output(arn, {"bucket": bucket, "items": [1, 2]})
    details = output["ResultWriterDetails"]
    run_id = output["MapRunArn"].rpartition(":")[2]
    assert details == {"Bucket": bucket, "Key": f"out/{run_id}/manifest.json"}
    manifest = read(local_aws, bucket, details["Key"])
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    rows = read(local_aws, bucket, file["Key"])
    assert [row["Status"] for row in rows] == ["SUCCEEDED"] * 2
    assert [json.loads(row["Output"])["input"] for row in rows] == [1, 2]


def test_a_missing_bucket_fails_the_state(machines: Machines, unique: str) -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": f"{unique}-gone"}}
    arn = machines.create(machine(TELL, ResultWriter=writer))
    assert machines.ended(machines.start(arn, [1]))["error"] == "States.ResultWriterFailed"


PICKY = """
def handler(event, context):
    if event == "bad": raise ValueError("bad")
    return event
"""


def invoking(function: str) -> dict[str, Any]:
    return {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": function, "End": True}}}


def test_as_many_may_fail_as_are_tolerated(states: Any, functions: Functions, machines: Machines) -> None:
    arn = machines.create(machine(invoking(functions.create(PICKY)), ToleratedFailurePercentage=50))
    execution = machines.start(arn, ["good", "bad"])
    output = json.loads(machines.ended(execution)["output"])
    assert output[0] == "good"
    assert output[1]["Error"] == "ValueError"
    assert sorted(child["status"] for child in children(states, execution)) == ["FAILED", "SUCCEEDED"]


def test_one_more_ends_the_run_and_its_other_children(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    work = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": activity_arn, "End": True}}}
    execution = machines.start(machines.create(machine(work)), [1, 2])
    states.get_activity_task(activityArn=activity_arn)
    token = states.get_activity_task(activityArn=activity_arn)["taskToken"]
    states.send_task_failure(taskToken=token, error="Bad")
    assert machines.ended(execution)["error"] == "States.ExceedToleratedFailureThreshold"
    assert machines.events(execution)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    statuses = sorted(child["status"] for child in children(states, execution))
    assert statuses == ["ABORTED", "FAILED"]


def test_the_children_of_a_stopped_execution_are_aborted(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    work = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": activity_arn, "End": True}}}
    execution = machines.start(machines.create(machine(work)), [1])
    states.get_activity_task(activityArn=activity_arn)
    states.stop_execution(executionArn=execution)
    eventually(lambda: [each for each in children(states, execution) if each["status"] == "ABORTED"])


def test_items_may_come_in_batches(machines: Machines) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"all.$": "$[0]"}}
    arn = machines.create(machine(TELL, ItemBatcher=batcher))
    inputs = [each["input"] for each in machines.output(arn, [1, 2, 3])]
    assert inputs == [{"BatchInput": {"all": 1}, "Items": [1, 2]}, {"BatchInput": {"all": 1}, "Items": [3]}]


def test_it_speaks_jsonata(local_aws: LocalAws, machines: Machines, bucket: str) -> None:
    local_aws.client("s3").put_object(Bucket=bucket, Key="in.json", Body=b'[{"n": 1}, {"n": 2}]')
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": "{% $states.input %}", "Key": "in.json"},
    }
    own = {
        "StartAt": "Own",
        "States": {"Own": {"Type": "Pass", "Output": "{% $states.context.Execution.Input %}", "End": True}},
    }
    fields = {
        "ItemReader": reader,
        "ItemSelector": "{% $states.context.Map.Item.Value.n * 10 %}",
        "Output": "{% $sum($states.result) %}",
    }
    arn = machines.create({"QueryLanguage": "JSONata", **machine(own, **fields)})
    assert machines.output(arn, bucket) == 30
