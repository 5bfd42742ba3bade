"""Batch through boto3: jobs run as processes and end as AWS documents."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.aws.batch import BotoBatch
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.support.building import NEEDS, eventually

TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAT" * 10
FINAL = {"SUCCEEDED", "FAILED"}


@dataclass(frozen=True)
class Jobs:
    """One job queue and one job definition that echoes, with short ways to use them."""

    batch: Any
    name: str

    @classmethod
    def make(cls, batch: Any, name: str) -> "Jobs":
        batch.create_compute_environment(computeEnvironmentName=name, type="UNMANAGED")
        environments = [{"order": 1, "computeEnvironment": name}]
        batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=environments)
        batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            parameters={"sample": "NA0"},
            containerProperties={
                "image": "busybox",
                "command": ["echo", "Ref::sample"],
                "resourceRequirements": NEEDS,
            },
        )
        return cls(batch, name)

    def submit(self, *command: str, name: str = "a", **request: Any) -> str:
        overrides = {"command": list(command)} if command else {}
        answer = self.batch.submit_job(
            jobName=name,
            jobQueue=self.name,
            jobDefinition=self.name,
            containerOverrides=overrides,
            **request,
        )
        return str(answer["jobId"])

    def shell(self, script: str, **request: Any) -> str:
        return self.submit("sh", "-c", script, **request)

    def describe(self, job_id: str) -> dict[str, Any]:
        (job,) = self.batch.describe_jobs(jobs=[job_id])["jobs"]
        return dict(job)

    def await_status(self, job_id: str, *statuses: str) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            job = self.describe(job_id)
            return job if job["status"] in statuses else None

        return eventually(probe)

    def end(self, job_id: str) -> dict[str, Any]:
        return self.await_status(job_id, *FINAL)

    def listed(self, **request: Any) -> list[str]:
        return [job["jobId"] for job in self.batch.list_jobs(**request)["jobSummaryList"]]


@pytest.fixture(scope="session")
def batch(local_aws: LocalAws) -> Any:
    return local_aws.client("batch")


@pytest.fixture
def jobs(batch: Any, unique: str) -> Jobs:
    return Jobs.make(batch, unique)


def await_messages(sqs: Any, url: str, complete: Callable[[list[Any]], bool]) -> list[Any]:
    """Receive events until they are complete, and tell their details in order."""
    details: list[Any] = []

    def probe() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            details.append(json.loads(message["Body"])["detail"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return complete(details)

    eventually(probe)
    return details


@pytest.fixture
def events_queue(local_aws: LocalAws, jobs: Jobs) -> str:
    """The URL of an SQS queue that gets every state change of the job queue."""
    sqs, events = local_aws.client("sqs"), local_aws.client("events")
    url = str(sqs.create_queue(QueueName=jobs.name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queue_arn = jobs.batch.describe_job_queues(jobQueues=[jobs.name])["jobQueues"][0]["jobQueueArn"]
    pattern = {"source": ["aws.batch"], "detail": {"jobQueue": [queue_arn]}}
    events.put_rule(Name=jobs.name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=jobs.name, Targets=[{"Id": "1", "Arn": arn}])
    return url


def test_a_job_runs_its_definitions_command_with_its_parameters_and_keeps_what_it_prints(
    local_aws: LocalAws, jobs: Jobs
) -> None:
    job = jobs.end(jobs.submit(parameters={"sample": "NA06989"}))
    assert job["status"] == "SUCCEEDED"
    assert job["container"]["exitCode"] == 0
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    logs, stream = local_aws.client("logs"), job["container"]["logStreamName"]
    written = eventually(lambda: log_messages(logs, stream))
    assert written == ["NA06989"]


def log_messages(logs: Any, stream: str) -> list[str]:
    try:
        events = logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events]


def test_each_state_change_but_the_submission_is_an_event_in_order(
    local_aws: LocalAws, jobs: Jobs, events_queue: str
) -> None:
    job_id = jobs.shell("exit 3", parameters={"taskToken": TOKEN}, retryStrategy={"attempts": 2})
    sqs = local_aws.client("sqs")
    details = await_messages(
        sqs, events_queue, lambda details: any(one["status"] in FINAL for one in details)
    )
    again = ["RUNNABLE", "STARTING", "RUNNING"]
    assert [detail["status"] for detail in details] == [*again, *again, "FAILED"]
    last = details[-1]
    assert (last["jobId"], last["parameters"]["taskToken"]) == (job_id, TOKEN)
    assert [attempt["container"]["exitCode"] for attempt in last["attempts"]] == [3, 3]
    assert last["container"]["exitCode"] == 3


def test_an_arrays_children_are_told_apart_from_its_parent(
    local_aws: LocalAws, jobs: Jobs, events_queue: str
) -> None:
    parent = jobs.shell("exit $AWS_BATCH_JOB_ARRAY_INDEX", arrayProperties={"size": 2})
    job = jobs.end(parent)
    assert job["status"] == "FAILED"
    summary = job["arrayProperties"]["statusSummary"]
    assert (summary["SUCCEEDED"], summary["FAILED"]) == (1, 1)
    assert jobs.listed(arrayJobId=parent, jobStatus="FAILED") == [f"{parent}:1"]
    sqs = local_aws.client("sqs")
    details = await_messages(sqs, events_queue, lambda details: ended(details, parent))
    of_parent = [one["status"] for one in details if "index" not in one["arrayProperties"]]
    assert of_parent == ["PENDING", "FAILED"]


def ended(details: list[Any], job_id: str) -> bool:
    return any(one["jobId"] == job_id and one["status"] in FINAL for one in details)


def test_a_job_whose_dependency_fails_fails_with_batchs_reason(jobs: Jobs) -> None:
    first = jobs.shell("exit 1")
    second = jobs.end(jobs.submit(dependsOn=[{"jobId": first}]))
    assert (second["status"], second["statusReason"]) == ("FAILED", "Dependent Job failed")


def test_a_running_job_is_terminated_and_a_waiting_one_cancelled(jobs: Jobs) -> None:
    running = jobs.submit("sleep", "60")
    waiting = jobs.submit(dependsOn=[{"jobId": running}])
    jobs.await_status(running, "RUNNING")
    jobs.batch.cancel_job(jobId=running, reason="too late")
    jobs.batch.cancel_job(jobId=waiting, reason="not needed")
    jobs.batch.terminate_job(jobId=running, reason="stop it")
    end, cancelled = jobs.end(running), jobs.end(waiting)
    assert (end["status"], end["statusReason"], end["isTerminated"]) == ("FAILED", "stop it", True)
    assert end["container"]["exitCode"] == 143
    assert (cancelled["statusReason"], cancelled["isCancelled"]) == ("not needed", True)


def test_many_jobs_are_ended_by_one_call_each_with_an_answer_of_its_own(jobs: Jobs) -> None:
    running, parent = jobs.submit("sleep", "60"), jobs.submit("sleep", "60", arrayProperties={"size": 2})
    waiting = jobs.submit(dependsOn=[{"jobId": running}])
    jobs.await_status(running, "RUNNING")
    unknown = running[:-1] + ("0" if running[-1] != "0" else "1")
    # CancelJobs leaves a job alone that runs, as CancelJob does
    answer = jobs.batch.cancel_jobs(jobs=[running, waiting], reason="not needed")
    assert (answer["successful"], answer["errors"]) == ([running, waiting], [])
    assert jobs.end(waiting)["isCancelled"]
    answer = jobs.batch.terminate_jobs(jobs=[running, "odd", parent, unknown], reason="stop it")
    assert answer["successful"] == [running, parent, unknown]
    assert [(each["job"], each["code"]) for each in answer["errors"]] == [("odd", "ValidationException")]
    assert [jobs.end(each)["statusReason"] for each in (running, parent)] == ["stop it", "stop it"]


@pytest.mark.parametrize("number", [0, 51])
def test_one_call_ends_no_more_than_fifty_jobs(jobs: Jobs, number: int) -> None:
    with pytest.raises(ClientError, match=f"jobs holds {number} ids"):
        jobs.batch.terminate_jobs(jobs=["x"] * number, reason="stop it")


def test_jobs_are_found_by_name_in_every_state_page_by_page(jobs: Jobs) -> None:
    ids = [jobs.submit(name=f"Align-{n}") for n in range(3)]
    jobs.submit(name="other")
    by_name = {"jobQueue": jobs.name, "filters": [{"name": "JOB_NAME", "values": ["align-*"]}]}
    pages = jobs.batch.get_paginator("list_jobs").paginate(**by_name, PaginationConfig={"PageSize": 2})
    found = [job["jobId"] for page in pages for job in page["jobSummaryList"]]
    assert found == ids[::-1]


def test_a_job_talks_to_the_same_local_aws(jobs: Jobs) -> None:
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    assert jobs.end(jobs.submit("python", "-c", script))["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "request_",
    [
        {"jobQueue": "nowhere"},
        {"jobDefinition": "nothing"},
        {"jobName": "a b"},
        {"timeout": {"attemptDurationSeconds": 59}},
    ],
)
def test_a_request_that_batch_does_not_take_is_a_client_exception(
    jobs: Jobs, request_: dict[str, Any]
) -> None:
    good = {"jobName": "a", "jobQueue": jobs.name, "jobDefinition": jobs.name}
    with pytest.raises(ClientError) as caught:
        jobs.batch.submit_job(**{**good, **request_})
    answer = caught.value.response
    assert answer["Error"]["Code"] == "ClientException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_jobs_page_shows_every_job_and_no_task_token(local_aws: LocalAws, jobs: Jobs) -> None:
    job_id = jobs.submit(parameters={"taskToken": TOKEN})
    page = local_aws.page("jobs")
    (row,) = [row for row in page["jobs"] if row["jobId"] == job_id]
    assert len(row["taskId"]) == 16
    assert TOKEN not in json.dumps(page)


def test_programs_end_with_the_server(tmp_path: Path) -> None:
    pid_path = tmp_path / "pid"
    with LocalAws(LocalSettings(job_slots=1)) as aws:
        jobs = Jobs.make(aws.client("batch"), "q")
        jobs.shell(f"echo $$ > {pid_path}.new; mv {pid_path}.new {pid_path}; sleep 300")
        eventually(pid_path.exists)
    eventually(lambda: not is_alive(int(pid_path.read_text())))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_sluice_stops_the_jobs_of_many_tasks_by_one_call(jobs: Jobs) -> None:
    port = BotoBatch(jobs.batch)
    ids = [jobs.submit("sleep", "60", name=f"task-{n}") for n in range(port.stops_per_call)]
    assert port.terminate_jobs(ids, "Sluice: its workflow was stopped") == {}
    assert {jobs.end(job_id)["status"] for job_id in ids} == {"FAILED"}
