"""The short form of a task: what `batch:submitJob.sync` takes and gives."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sluice.tasks import completion
from sluice.tasks.contract import check_requests, parse_task
from sluice.tasks.model import Failed, JobRecord, Succeeded, TaskRecord, TaskState, task_key
from sluice.tasks.parsing import InvalidTaskError, build_task
from sluice.tasks.submission import MAX_NAME, submit_request
from tests.support.builders import EXECUTION, QUEUE, detail
from tests.support.fakes import FakeBatch

JOB: dict[str, Any] = {
    "JobName": "align",
    "JobQueue": QUEUE,
    "JobDefinition": "lowpass",
    "Parameters": {"sample": "NA1"},
}
OWN = {"taskKey": task_key("token"), "taskJob": "align", "taskForm": "sync"}


def record_of(**fields: Any) -> TaskRecord:
    """A task of the short form whose job has ended as these fields of its JobDetail say."""
    task = parse_task("token", json.dumps(JOB))
    facts = {"jobName": "align-1", "parameters": {**OWN, "sample": "NA1"}, **fields}
    job = completion.job_record("align", {**detail("1", facts.pop("status", "SUCCEEDED")), **facts})
    return TaskRecord(task, TaskState.OPEN, {"align": job}, 0, 0)


@pytest.mark.parametrize("recased", [str, lambda name: name[:1].lower() + name[1:]], ids=["Pascal", "camel"])
def test_what_sync_takes_is_a_task_of_one_job(recased: Any) -> None:
    text = json.dumps({recased(name): value for name, value in JOB.items()})
    task = parse_task("token", text)
    assert build_task("token", text) == task
    assert (task.execution_arn, task.state_name, task.like_sync) == ("", "align", True)
    check_requests(task, FakeBatch().complaint)
    (job,) = task.jobs
    request = submit_request(task, job, {})
    assert request.pop("jobName").startswith("align-")
    assert request == {"jobQueue": QUEUE, "jobDefinition": "lowpass", "parameters": {"sample": "NA1", **OWN}}


@pytest.mark.parametrize("names", [("ExecutionArn", "StateName"), ("executionArn", "stateName")])
def test_the_execution_may_be_named(names: tuple[str, str]) -> None:
    task = parse_task("token", json.dumps({**JOB, names[0]: EXECUTION, names[1]: "Align"}))
    assert (task.execution_arn, task.state_name) == (EXECUTION, "Align")
    assert task.jobs[0].request.keys() == {"jobQueue", "jobDefinition", "parameters"}


def test_what_is_null_is_left_out() -> None:
    given = {**JOB, "ExecutionArn": None, "ShareIdentifier": None, "Timeout": None}
    assert parse_task("token", json.dumps(given)) == parse_task("token", json.dumps(JOB))


def test_a_name_as_long_as_batch_takes_leaves_room_for_sluices_own_end() -> None:
    task = parse_task("token", json.dumps({**JOB, "JobName": "n" * 128}))
    assert task.jobs[0].name == "n" * MAX_NAME
    assert len(submit_request(task, task.jobs[0], {})["jobName"]) == 128


def test_dots_of_an_execution_s_name_become_hyphens() -> None:
    task = parse_task("token", json.dumps({**JOB, "JobName": "trio.1.NA06989"}))
    assert task.jobs[0].name == "trio-1-NA06989"
    assert submit_request(task, task.jobs[0], {})["jobName"].startswith("trio-1-NA06989-")


def test_names_that_a_person_has_given_may_differ_in_their_first_letter_alone() -> None:
    task = parse_task("token", json.dumps({**JOB, "Parameters": {"Sample": "1", "sample": "2"}}))
    assert task.jobs[0].request["parameters"] == {"Sample": "1", "sample": "2"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"JobName": ".n"}, "JobName is "),
        ({"JobName": "n" * 129}, "JobName is "),
        ({"JobName": "a b"}, "JobName is "),
        ({"JobName": None}, "JobName is missing"),
        ({"Parameters": "x"}, "Parameters is "),
        ({"Parameters": {"taskForm": "x"}}, "the parameter taskForm is Sluice's own"),
        ({"Parameters": {"taskToken": "x"}}, "the parameter taskToken is Sluice's own"),
        ({"jobName": "align"}, '"jobName" twice'),
        ({"ContainerOverrides": {"Environment": [], "environment": []}}, '"environment" twice'),
        ({"DependsOn": [{"JobId": "1", "jobId": "2"}]}, '"jobId" twice'),
        ({"ExecutionArn": "x"}, "ExecutionArn is "),
        ({"DependsOn": [{"JobName": "other"}]}, "dependsOn[0] names"),
        ({"DependsOn": [{}]}, "dependsOn[0] names no job"),
        ({"DependsOn": ["x"]}, "DependsOn[0] is "),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidTaskError) as caught:
        parse_task("token", json.dumps({**JOB, **fields}))
    assert said in str(caught.value)


@pytest.mark.parametrize("fields", [{"Job": "x"}, {"JobQueue": None}, {"RetryStrategy": {"Attempts": "two"}}])
def test_what_submit_job_would_not_take_is_wrong(fields: dict[str, Any]) -> None:
    task = parse_task("token", json.dumps({**JOB, **fields}))
    with pytest.raises(InvalidTaskError) as caught:
        check_requests(task, FakeBatch().complaint)
    assert not str(caught.value).startswith("jobs[")


def test_the_output_is_the_job_less_what_sluice_added() -> None:
    outcome = completion.decide(record_of(statusReason="fine", tags={"Team": "x"}))
    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.output) == {
        "JobId": "1",
        "JobName": "align-1",
        "Status": "SUCCEEDED",
        "StatusReason": "fine",
        "Attempts": [{}],
        "Container": {"ExitCode": 0, "LogStreamName": "align/default/1"},
        "CreatedAt": 1000,
        "StartedAt": 2000,
        "StoppedAt": 3000,
        "Parameters": {"sample": "NA1"},
        "Tags": {"Team": "x"},
    }


def test_a_failure_keeps_its_name_and_has_the_job_as_its_cause() -> None:
    outcome = completion.decide(
        record_of(status="FAILED", statusReason="Host EC2 (instance i-1) terminated.")
    )
    assert isinstance(outcome, Failed)
    assert outcome.error == "Job.SpotInterruption"
    cause = json.loads(outcome.cause)
    assert (cause["JobId"], cause["Container"]["ExitCode"], cause["Parameters"]) == (
        "1",
        1,
        {"sample": "NA1"},
    )


def test_output_and_cause_are_no_longer_than_step_functions_takes() -> None:
    environment = [{"name": f"N{number}", "value": "\N{DNA DOUBLE HELIX}" * 100} for number in range(500)]
    long = {"container": {"environment": environment, "exitCode": 3, "command": ["c" * 300_000]}}
    succeeded = completion.decide(record_of(**long))
    failed = completion.decide(record_of(status="FAILED", **long))
    assert isinstance(succeeded, Succeeded)
    assert isinstance(failed, Failed)
    assert len(succeeded.output) <= completion.MAX_OUTPUT
    assert len(failed.cause) <= completion.MAX_CAUSE
    assert json.loads(failed.cause)["Container"]["ExitCode"] == 3


def test_a_job_that_batch_has_forgotten_is_told_of_by_what_is_known() -> None:
    record = record_of()
    lost = completion.job_record("align", completion.vanished("1"))
    outcome = completion.decide(replace(record, jobs={"align": lost}))
    assert isinstance(outcome, Failed)
    cause = json.loads(outcome.cause)
    assert cause["StatusReason"] == "Batch does not know this job any more"
    assert (cause["JobId"], cause["JobName"], cause["Attempts"], cause["Container"]["Reason"]) == (
        "1",
        "align",
        [],
        cause["StatusReason"],
    )


def test_of_a_job_that_runs_nothing_is_kept() -> None:
    running = completion.job_record("align", {"jobId": "1", "status": "RUNNING", "parameters": OWN})
    assert running == JobRecord("align", "1", "RUNNING")


def test_the_long_form_tells_of_attempts_as_far_as_there_is_room() -> None:
    attempts = [
        {
            "startedAt": number,
            "statusReason": "Host EC2 (instance i-1) terminated.",
            "container": {"exitCode": number, "logStreamName": "l" * 200},
        }
        for number in range(12)
    ]
    job = completion.job_record("align", {**detail("1"), "attempts": attempts, "statusReason": "fine"})
    task = parse_task(
        "token",
        json.dumps(
            {
                "executionArn": EXECUTION,
                "stateName": "Align",
                "jobs": [{"jobName": "align", "jobQueue": QUEUE, "jobDefinition": "d"}],
            }
        ),
    )
    outcome = completion.decide(TaskRecord(task, TaskState.OPEN, {"align": job}, 0, 0))
    assert isinstance(outcome, Succeeded)
    told = json.loads(outcome.output)["jobs"]["align"]
    assert told["attempts"] == 12
    assert told["statusReason"] == "fine"
    assert [each["exitCode"] for each in told["attemptDetails"]] == [9, 10, 11]
    assert job.document is None
