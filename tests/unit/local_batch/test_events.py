"""How jobs are shown."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel, StructureShape

from sluice_local.batch.events import job_detail, job_row, job_summary, state_change
from sluice_local.batch.model import Attempt, Exit, Job, JobStatus, Placement
from sluice_local.batch.requests import array_child
from tests.unit.local_batch.building import DEFINITION, QUEUE_ARN, a_job

TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAT" * 10
PLACEMENT = Placement("arn:aws:ecs:us-east-1:000000000000:task/spot/1", "align/default/1", 2_000)
PARENT = a_job("p", arrayProperties={"size": 3})


def ended(**request: Any) -> Job:
    attempts = (
        Attempt(PLACEMENT, Exit(1, status_reason="Essential container in task exited"), 3_000),
        Attempt(
            replace(PLACEMENT, log_stream="align/default/2", started_at_ms=4_000), Exit(137, "Out"), 5_000
        ),
    )
    changes: dict[str, Any] = {"status": JobStatus.FAILED, "status_reason": "why", "attempts": attempts}
    return replace(a_job(**request), started_at_ms=4_000, stopped_at_ms=5_000, **changes)


def model(shape: str) -> StructureShape:
    service = ServiceModel(botocore.loaders.Loader().load_service_model("batch", "service-2"))
    found = service.shape_for(shape)
    assert isinstance(found, StructureShape)
    return found


def test_a_job_shows_what_it_was_asked_and_how_it_ended() -> None:
    detail: dict[str, Any] = job_detail(ended(parameters={"taskToken": TOKEN}))
    assert detail["parameters"] == {"sample": "NA0", "mode": "fast", "taskToken": TOKEN}
    assert (detail["jobQueue"], detail["jobDefinition"]) == (QUEUE_ARN, DEFINITION["jobDefinitionArn"])
    assert (detail["createdAt"], detail["startedAt"], detail["stoppedAt"]) == (1_000, 4_000, 5_000)
    assert detail["container"]["exitCode"] == 137
    assert detail["container"]["reason"] == "Out"
    assert detail["container"]["logStreamName"] == "align/default/2"
    first = detail["attempts"][0]
    assert (first["startedAt"], first["stoppedAt"], first["container"]["exitCode"]) == (2_000, 3_000, 1)
    assert first["statusReason"] == "Essential container in task exited"


def test_a_running_job_shows_no_exit_code_and_a_new_attempt_not_the_last_ones() -> None:
    running = replace(
        ended(), status=JobStatus.RUNNING, placement=replace(PLACEMENT, log_stream="align/default/3")
    )
    container: Any = job_detail(running)["container"]
    assert container["logStreamName"] == "align/default/3"
    assert "exitCode" not in container


@pytest.mark.parametrize(
    "job",
    [
        a_job(dependsOn=[{"jobId": "a"}], shareIdentifier="lab", schedulingPriorityOverride=3),
        ended(timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 2}, tags={"a": "b"}),
        replace(PARENT, children={JobStatus.RUNNING: 3}),
        array_child(PARENT, 1, created_at_ms=0),
    ],
)
def test_every_field_that_is_shown_is_one_of_batchs(job: Job) -> None:
    assert job_detail(job).keys() <= model("JobDetail").members.keys()
    assert job_detail(job)["container"].keys() <= model("ContainerDetail").members.keys()  # type: ignore[attr-defined]
    assert job_summary(job).keys() <= model("JobSummary").members.keys()


def test_an_array_shows_its_size_and_its_children_by_state() -> None:
    parent = replace(PARENT, children={JobStatus.RUNNING: 2, JobStatus.SUCCEEDED: 1})
    shown: Any = job_detail(parent)["arrayProperties"]
    assert shown["size"] == 3
    assert {name: count for name, count in shown["statusSummary"].items() if count} == {
        "RUNNING": 2,
        "SUCCEEDED": 1,
    }
    assert job_detail(array_child(PARENT, 1, created_at_ms=0))["arrayProperties"] == {"index": 1}


def test_the_event_carries_the_job_as_json_and_its_arn_as_resource() -> None:
    event = state_change(ended())
    assert (event["Source"], event["DetailType"]) == ("aws.batch", "Batch Job State Change")
    assert event["Resources"] == [ended().spec.arn]
    assert json.loads(str(event["Detail"])) == json.loads(json.dumps(job_detail(ended())))


def test_a_task_token_is_shown_to_a_watcher_only_by_its_hash() -> None:
    row = job_row(ended(parameters={"taskToken": TOKEN, "taskJob": "align"}))
    assert TOKEN not in json.dumps(row)
    assert row["taskId"] == hashlib.sha256(TOKEN.encode()).hexdigest()[:16]
    assert row["parameters"] == {"sample": "NA0", "mode": "fast", "taskJob": "align"}
    assert (row["attempts"], row["exitCode"], row["statusReason"]) == (2, 137, "why")


def test_a_job_without_a_task_token_has_no_task_id() -> None:
    assert "taskId" not in job_row(a_job())
