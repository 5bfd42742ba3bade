"""A state on `batch:submitJob.sync` and its twin on Sluice's Activity, side by side."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sluice.tasks.model import TaskState
from sluice_cli.adopting.conversion import Wishes, convert
from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

SYNC = "arn:aws:states:::batch:submitJob.sync"
HEARTBEAT = {"HeartbeatSeconds": 600}
OWN_NAME = re.compile(r"-[0-9a-f]{16}$")
CHANGING = {"JobId", "JobArn", "CreatedAt", "StartedAt", "StoppedAt", "TaskArn", "LogStreamName"}
"""Ids and times, which differ from job to job."""

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "success": ("exit 0", {}),
    "failure": ("exit 3", {}),
    "parameters and overrides": (
        'exit "$CODE"',
        {
            "Parameters": {"sample": "NA1", "lanes": "4"},
            "ContainerOverrides": {"Environment": [{"Name": "CODE", "Value": "5"}]},
            "Tags": {"Team": "x"},
            "PropagateTags": True,
        },
    ),
    "retries": ("exit 4", {"RetryStrategy": {"Attempts": 3}}),
    "timeout": ("sleep 600", {"Timeout": {"AttemptDurationSeconds": 60}}),
    "array": ("exit 0", {"ArrayProperties": {"Size": 3}}),
    "array with a failed child": (
        '[ "$AWS_BATCH_JOB_ARRAY_INDEX" != 1 ]',
        {"ArrayProperties": {"Size": 2}},
    ),
}


def same(value: Any) -> Any:
    """What is left of a job when ids, times and the end of the name that Sluice adds are taken out."""
    if isinstance(value, dict):
        kept = {name: same(each) for name, each in value.items() if name not in CHANGING}
        return {**kept, **({"JobName": OWN_NAME.sub("", kept["JobName"])} if "JobName" in kept else {})}
    return [same(each) for each in value] if isinstance(value, list) else value


def members(value: Any) -> Any:
    """The names of all members, those taken out too."""
    if isinstance(value, dict):
        return {name: members(each) for name, each in value.items()}
    return [members(each) for each in value] if isinstance(value, list) else None


def told(described: Mapping[str, Any]) -> Any:
    """The job that an execution's output or cause is."""
    return json.loads(described["output"] if described["status"] == "SUCCEEDED" else described["cause"])


@pytest.mark.parametrize("case", CASES)
def test_output_and_cause_are_those_of_sync(stack: Stack, machines: Machines, unique: str, case: str) -> None:
    script, fields = CASES[case]
    job = {
        "JobName": "align",
        "JobQueue": stack.outputs["JobQueueArn"],
        "JobDefinition": stack.job_definition(unique, "sh", "-c", script),
        **fields,
    }
    state = {"Type": "Task", "Parameters": job, "End": True}
    twins = [
        machines.start(
            machines.create({"StartAt": "Work", "States": {"Work": {**state, **change}}}, f"-{suffix}")
        )
        for suffix, change in (
            ("sync", {"Resource": SYNC}),
            ("sluice", {"Resource": stack.outputs["ActivityArn"], **HEARTBEAT}),
        )
    ]
    sync, sluice = (machines.ended(each, within_seconds=120) for each in twins)
    assert sync["status"] == sluice["status"] == ("SUCCEEDED" if script == "exit 0" else "FAILED")
    assert same(told(sluice)) == same(told(sync))
    assert members(told(sluice)) == members(told(sync))
    assert told(sluice)["JobName"] != told(sync)["JobName"] == "align"
    # the job has Sluice's own parameters, and nobody is shown them
    assert told(sluice)["Parameters"] == fields.get("Parameters", {})
    (described,) = stack.aws.client("batch").describe_jobs(jobs=[told(sluice)["JobId"]])["jobs"]
    assert described["parameters"].keys() - fields.get("Parameters", {}) == {"taskKey", "taskJob", "taskForm"}
    if sluice["status"] == "FAILED":
        assert sync["error"] == "States.TaskFailed"
        assert sluice["error"] == ("Job.TimedOut" if case == "timeout" else "Job.Failed")


def test_states_task_failed_catches_what_sluice_names(stack: Stack, machines: Machines, unique: str) -> None:
    job = {
        "JobName": "align",
        "JobQueue": stack.outputs["JobQueueArn"],
        "JobDefinition": stack.job_definition(unique, "false"),
    }
    work = {
        "Type": "Task",
        "Resource": stack.outputs["ActivityArn"],
        "Parameters": job,
        **HEARTBEAT,
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}],
        "End": True,
    }
    machine = machines.create({"StartAt": "Work", "States": {"Work": work, "Caught": {"Type": "Succeed"}}})
    assert machines.output(machine)["Error"] == "Job.Failed"


def test_what_is_assembled_at_run_time_is_taken_in_either_case(
    stack: Stack, machines: Machines, unique: str
) -> None:
    parameters = {
        "jobName.$": "$.name",
        "JobQueue": stack.outputs["JobQueueArn"],
        "JobDefinition": stack.job_definition(unique, "sh", "-c", 'exit "$CODE"'),
        "ContainerOverrides.$": "$.overrides",
        "ShareIdentifier.$": "$.share",
    }
    machine = machines.of_one_task(stack.outputs["ActivityArn"], Parameters=parameters, **HEARTBEAT)
    environment = [{"Name": "CODE", "Value": 0}, {"Name": "AGAIN", "Value": None}]
    given = {"name": unique, "overrides": {"Environment": environment}, "share": None}
    output = machines.output(machine, given)
    assert output["Status"] == "SUCCEEDED"
    assert output["JobName"].startswith(f"{unique}-")


@pytest.mark.parametrize("names_itself", [True, False])
def test_a_stopped_workflow_stops_its_job(
    stack: Stack, machines: Machines, unique: str, names_itself: bool
) -> None:
    execution_arn = {"ExecutionArn.$": "$$.Execution.Id"} if names_itself else {}
    parameters = {
        "JobName": unique,
        "JobQueue": stack.outputs["JobQueueArn"],
        "JobDefinition": stack.job_definition(unique, "sleep", "600"),
        **execution_arn,
    }
    machine = machines.of_one_task(stack.outputs["ActivityArn"], Parameters=parameters, **HEARTBEAT)
    execution = machines.start(machine)

    def submitted() -> Any:
        tasks = [each for each in stack.store.open_tasks(100) if unique in each.jobs]
        return next((each for each in tasks if each.jobs[unique].job_id), None)

    task = eventually(submitted)
    stack.states.stop_execution(executionArn=execution)
    if not names_itself:  # the next heartbeat tells that nobody waits
        stack.make_due(task)
        stack.invoke("ReconcileTasks", {})
    job = eventually(lambda: stack.ended_job(str(task.jobs[unique].job_id)), within_seconds=60)
    assert job["isTerminated"]
    assert eventually(lambda: stack.closed_task(task), within_seconds=60) is TaskState.ABANDONED


def test_the_reconciler_tells_the_same_as_the_event(stack: Stack, machines: Machines, unique: str) -> None:
    parameters = {
        "JobName": unique,
        "JobQueue": stack.outputs["JobQueueArn"],
        "JobDefinition": stack.job_definition(unique, "sh", "-c", "exit 3"),
    }
    rule = stack.physical("JobEndedRule")
    events = stack.aws.client("events")
    events.disable_rule(Name=rule)
    try:
        machine = machines.of_one_task(stack.outputs["ActivityArn"], Parameters=parameters, **HEARTBEAT)
        execution = machines.start(machine)

        def ended() -> Any:
            tasks = [each for each in stack.store.open_tasks(100) if unique in each.jobs]
            job_id = tasks[0].jobs[unique].job_id if tasks else None
            return tasks[0] if job_id and stack.ended_job(job_id) else None

        stack.make_due(eventually(ended), createdAt=0)
    finally:
        events.enable_rule(Name=rule)
    stack.invoke("ReconcileTasks", {})
    described = machines.ended(execution)
    assert described["error"] == "Job.Failed"
    cause = told(described)
    assert cause["Container"]["ExitCode"] == cause["Attempts"][0]["Container"]["ExitCode"] == 3
    assert (cause["Parameters"], cause["JobQueue"]) == ({}, stack.outputs["JobQueueArn"])


def pipeline(queue: str, definition: str) -> dict[str, Any]:
    """Somebody's machine: a Map and two branches of jobs, and a cause that is read to decide."""
    work = {
        "Type": "Task",
        "Resource": SYNC,
        "Parameters": {
            "JobName.$": "$.name",
            "JobQueue": queue,
            "JobDefinition": definition,
            "ContainerOverrides": {"Environment": [{"Name": "CODE", "Value.$": "$.code"}]},
        },
        "ResultSelector": {"code.$": "$.Container.ExitCode", "status.$": "$.Status"},
        "Retry": [{"ErrorEquals": ["Batch.AWSBatchException"], "MaxAttempts": 2}],
        "End": True,
    }
    items, left, right = ({"StartAt": each, "States": {each: work}} for each in ("Item", "Left", "Right"))
    failing = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Read"}]
    read = {"Cause.$": "States.StringToJson($.error.Cause)"}
    code = {"Variable": "$.why.Cause.Container.ExitCode", "NumericEquals": 4, "Next": "Expected"}
    return {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemProcessor": items,
                "Catch": failing,
                "ResultPath": "$.each",
                "Next": "Both",
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [left, right],
                "Catch": failing,
                "ResultPath": "$.both",
                "End": True,
            },
            "Read": {"Type": "Pass", "Parameters": read, "ResultPath": "$.why", "Next": "Decide"},
            "Decide": {"Type": "Choice", "Choices": [code], "Default": "Unexpected"},
            "Expected": {"Type": "Succeed", "OutputPath": "$.why.Cause.Attempts[0].Container.ExitCode"},
            "Unexpected": {"Type": "Fail", "Error": "Unexpected", "CausePath": "$.why.Cause.StatusReason"},
        },
    }


def test_a_machine_that_was_converted_does_what_it_did(stack: Stack, machines: Machines, unique: str) -> None:
    definition = stack.job_definition(unique, "sh", "-c", 'exit "$CODE"')
    before = json.dumps(pipeline(stack.outputs["JobQueueArn"], definition), indent=2)
    done = convert("pipeline.json", before, Wishes(stack.outputs["ActivityArn"]))
    assert len(done.states) == 3
    assert SYNC not in done.after
    inputs = [
        {"name": "fine", "code": 0, "items": [{"name": "one", "code": 0}, {"name": "two", "code": 0}]},
        {"name": "branch", "code": 4, "items": []},
        {"name": "item", "code": 0, "items": [{"name": "bad", "code": 4}]},
        {"name": "other", "code": 5, "items": []},
    ]
    ends = []
    for suffix, text in (("-sync", before), ("-sluice", done.after)):
        machine = machines.create(json.loads(text), suffix)
        started = [machines.start(machine, each) for each in inputs]
        ended = [machines.ended(each) for each in started]
        ends.append(
            [(each["status"], each.get("output"), each.get("error"), each.get("cause")) for each in ended]
        )
    assert ends[0] == ends[1]
    assert [status for status, *_ in ends[0]] == ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED"]
