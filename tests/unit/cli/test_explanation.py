"""The explanation of executions that Local AWS really ran, and of some that it cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sluice.tasks.job_errors import (
    BY_BATCH,
    BY_REASON,
    DEPENDENCY_FAILED,
    FAILED,
    GUESS,
    NOT_STARTED,
    OUT_OF_MEMORY,
    TERMINATED,
)
from sluice_cli.aws.arrays import Child
from sluice_cli.aws.executions import Execution, read_execution
from sluice_cli.explain.explanation import explanation
from sluice_cli.explain.known import Known
from sluice_cli.explain.named_errors import MEANINGS
from tests.unit.cli.recordings import recorded, told

HEADLINES = {
    "Job.OutOfMemory": "job align was killed, perhaps for its memory (Essential container in task exited; ",
    "Job.NotStarted": "job unstarted could not be started: Task failed to start; CannotStartContainerError: ",
    "Job.SpotInterruption": "job spot lost its host once and has no attempt left (Host EC2",
    "Job.ImagePull": "the container image of job image could not be pulled: Task failed to start",
    "Job.TimedOut": "job slow ran longer than its timeout allows",
    "Job.Unschedulable": "Batch could find no place for job stuck: ",
    "Job.Terminated": "job stopped was terminated or cancelled: Terminated by hand.",
    "Job.DependencyFailed": "job merge never ran, because job ",
    "Job.Failed": "job align failed with exit code 3",
    "Task.Invalid": "state Align asks for something that Sluice does not understand: ",
    "Task.Rejected": "Batch refused to take job align: There is no job-queue ",
    "States.Timeout": "state Align took longer than its TimeoutSeconds; its jobs were ended.",
    "States.HeartbeatTimeout": "state Align got no heartbeat for 2 s, because reconcile_tasks",
}


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


def event(number: int, kind: str, *, after: int = 0, **details: Any) -> dict[str, Any]:
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {"id": number, "previousEventId": after, "type": kind, "timestamp": at(number), name: details}


def execution(status: str, **fields: Any) -> Execution:
    whole = Execution("arn:e", "e", "NA06989", "NA06989", status, 1_800_000_000_000, 1_800_000_060_000)
    return replace(whole, **fields)


@pytest.mark.parametrize("name", HEADLINES)
def test_the_headline_of_each_named_error_has_its_cause_and_there_is_advice(name: str) -> None:
    explained = told(name)
    assert explained.headline.startswith(f"NA06989 failed: {HEADLINES[name]}")
    assert explained.error == name
    assert explained.advice


def test_every_error_that_sluice_names_has_a_meaning() -> None:
    named = {name for name, _ in (*BY_BATCH, *BY_REASON)} | {
        DEPENDENCY_FAILED,
        FAILED,
        NOT_STARTED,
        OUT_OF_MEMORY,
        TERMINATED,
    }
    assert named | {"Task.Invalid", "Task.Rejected", "States.Timeout", "States.HeartbeatTimeout"} == set(
        MEANINGS
    )


def test_the_execution_s_own_ends_are_told_too() -> None:
    assert told("SUCCEEDED").headline.startswith("NA06989 succeeded after ")
    assert told("SUCCEEDED").advice == ()
    stopped = told("ABORTED")
    assert stopped.headline == (
        "NA06989 was stopped by hand (StopExecution): Operator: the run was cancelled."
    )
    late = told("TIMED_OUT")
    assert late.headline.startswith(
        "NA06989 timed out: the whole execution took longer than its state machine's"
    )
    assert (late.error, late.job) == ("States.Timeout", None)


def test_each_try_of_a_state_is_told_with_the_job_that_was_its_own() -> None:
    says = [step.says for step in told("Retried").steps]
    assert says[0] == "the execution started"
    assert says[-1] == "the execution failed: Job.SpotInterruption"
    assert [text for text in says if "asked for" in text][1].startswith(
        "try 2: asked for job spot; a poller took"
    )
    jobs = [item["jobs"]["M"]["spot"]["M"]["jobId"]["S"] for item in recorded("Retried").items]
    assert [text.rpartition(" ")[2] for text in says if "submitted" in text] == jobs


def test_the_job_that_another_one_waited_for_is_named_by_its_id() -> None:
    scheduled = recorded("Job.DependencyFailed").events[2]["activityScheduledEventDetails"]
    (other,) = json.loads(scheduled["input"])["jobs"][0]["dependsOn"]
    assert f"because job {other['jobId']} that it depends on failed" in told("Job.DependencyFailed").headline


def test_steps_are_in_the_order_of_time() -> None:
    for name in HEADLINES:
        times = [step.at_ms for step in told(name).steps]
        assert times == sorted(times)


def test_an_execution_that_waits_for_a_poller_says_so() -> None:
    events = recorded("Job.Failed").events[:3]
    explained = explanation(execution("RUNNING", stopped_ms=None), events, Known(), now_ms=1_800_000_120_000)
    assert explained.headline == "NA06989 has been running for 2 min: state Align waits for a poller."
    assert explained.steps[-1].says == "asked for job align; waits for a poller"


def test_what_waited_for_a_poller_when_the_execution_ended_waits_no_more() -> None:
    events = recorded("Job.Failed").events[:3]
    explained = explanation(execution("FAILED"), events, Known(), now_ms=0)
    assert explained.steps[-1].says == "asked for job align; was given up before a poller took it"


def test_a_task_that_was_taken_and_not_noted_is_told_apart() -> None:
    found = recorded("States.HeartbeatTimeout")
    running = explanation(execution("RUNNING"), found.events[:4], Known(), now_ms=1_800_000_001_000)
    assert "a poller has taken the task of state Align and submitted nothing yet" in running.headline
    ended = read_execution(found.execution, "x")
    lost = explanation(ended, found.events, Known(), now_ms=0)
    assert "because the poller that took its task was lost before recording it" in lost.headline


def test_a_heartbeat_that_aws_calls_a_timeout_is_told_as_a_heartbeat() -> None:
    found = recorded("States.HeartbeatTimeout")
    events = found.events
    events[4]["activityTimedOutEventDetails"]["error"] = "States.Timeout"
    ended = replace(read_execution(found.execution, "x"), error="States.Timeout")
    assert explanation(ended, events, Known(found.tasks), now_ms=0).error == "States.HeartbeatTimeout"


def test_a_name_that_the_workflow_gave_is_seen_through_to_the_job_s() -> None:
    found = recorded("Job.OutOfMemory")
    ended = replace(read_execution(found.execution, "x"), error="SampleFailed", cause="see above")
    explained = explanation(ended, found.events, Known(found.tasks), now_ms=0)
    assert (explained.error, explained.job) == ("Job.OutOfMemory", "align")


def test_out_of_memory_that_somebody_spoke_of_is_no_guess() -> None:
    found = recorded("Job.OutOfMemory")
    reason = "Essential container in task exited; container main: OutOfMemoryError: Container killed"
    found.items[0]["jobs"]["M"]["align"]["M"]["reason"] = {"S": reason}
    ended = read_execution(found.execution, "NA06989")
    story = explanation(ended, found.events, Known(found.tasks), now_ms=0)
    assert story.headline == f"NA06989 failed: job align ran out of memory (exit code 137; {reason})."


def test_an_error_of_another_service_is_told_by_its_own_name() -> None:
    events = [
        event(1, "ExecutionStarted"),
        event(2, "TaskStateEntered", name="Notify"),
        event(3, "LambdaFunctionFailed", after=2, error="KeyError", cause="'sample'"),
        event(4, "ExecutionFailed", after=3, error="KeyError", cause="'sample'"),
    ]
    explained = explanation(
        execution("FAILED", error="KeyError", cause="'sample'"), events, Known(), now_ms=0
    )
    assert explained.headline.startswith("NA06989 failed: state Notify failed with KeyError: 'sample'")
    assert [step.says for step in explained.steps][1] == "LambdaFunctionFailed: KeyError"


def test_a_job_s_error_without_a_job_is_the_workflow_s_own() -> None:
    events = [
        event(1, "ExecutionStarted"),
        event(2, "FailStateEntered", name="Bad"),
        event(3, "ExecutionFailed", error="Job.Failed", cause="no reads"),
    ]
    explained = explanation(
        execution("FAILED", error="Job.Failed", cause="no reads"), events, Known(), now_ms=0
    )
    assert explained.headline == "NA06989 failed: state Bad failed with Job.Failed: no reads."


def test_tries_of_parallel_states_are_told_apart_by_the_links_of_their_events() -> None:
    asked = json.dumps({"jobs": [{"jobName": "a"}]})
    other = json.dumps({"jobs": [{"jobName": "b"}], "stateName": "Right"})
    events = [
        event(1, "ExecutionStarted"),
        event(2, "TaskStateEntered", after=1, name="Left"),
        event(3, "ActivityScheduled", after=2, input=asked),
        event(4, "ActivityScheduled", after=2, input=other),
        event(5, "ActivityStarted", after=3),
        event(6, "ActivityStarted", after=4),
        event(
            7, "ActivityFailed", after=5, error="Job.Failed", cause=json.dumps({"job": "a", "exitCode": 9})
        ),
    ]
    explained = explanation(execution("FAILED", error="Job.Failed"), events, Known(), now_ms=0)
    assert explained.headline.startswith("NA06989 failed: job a failed with exit code 9")
    assert explained.steps[-1] == replace(explained.steps[-1], state="Left", says="failed: Job.Failed")


def test_where_events_are_not_linked_the_oldest_try_goes_on_first() -> None:
    asked = [json.dumps({"jobs": [{"jobName": name}], "stateName": name}) for name in ("Left", "Right")]
    events = [
        event(1, "ActivityScheduled", input=asked[0]),
        event(2, "ActivityScheduled", input=asked[1]),
        event(3, "ActivityStarted"),
        event(4, "ActivityStarted"),
    ]
    explained = explanation(execution("RUNNING", stopped_ms=None), events, Known(), now_ms=1_800_000_120_000)
    assert [(step.state, step.says) for step in explained.steps] == [
        ("Left", "asked for job Left; a poller took it after 2 s"),
        ("Right", "asked for job Right; a poller took it after 2 s"),
    ]


def test_the_advice_says_how_the_sample_of_a_cohort_is_run_again() -> None:
    again = "run it again: sluice retry trio --sample Rejected"
    assert told("Task.Rejected").advice == (
        f"If its row in the sheet is wrong, correct it and {again} --sheet SHEET",
        "Otherwise fix the request in the workflow's definition.",
        "Job queue and definition must be the stack's (JobQueueArns, JobDefinitionArns), and active.",
        f"Once that is fixed, {again} (add --from-start if the workflow's definition changed)",
    )
    assert told("Job.SpotInterruption").advice[0] == (
        "Nothing is wrong with the sample: run it again: sluice retry trio --sample SpotInterruption"
    )


def test_what_is_of_no_cohort_is_started_again_by_whoever_started_it() -> None:
    found = recorded("Job.SpotInterruption")
    alone = read_execution({**found.execution, "name": "by-hand"}, "by-hand")
    explained = explanation(alone, found.events, Known(), now_ms=0)
    assert explained.advice[0] == "Nothing is wrong with the sample: start the execution again."
    assert all("sluice retry" not in each for each in explained.advice)


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        (
            137,
            "OutOfMemoryError: Container killed due to memory usage",
            (
                "job align ran out of memory (child 2 of 4, exit code 137; "
                "OutOfMemoryError: Container killed due to memory usage)."
            ),
        ),
        (
            137,
            "Essential container in task exited",
            (
                "job align was killed, perhaps for its memory (child 2 of 4; "
                f"Essential container in task exited; {GUESS})."
            ),
        ),
        (4, "Essential container in task exited", "job align failed: child 2 of 4, exit code 4 ("),
    ],
)
def test_a_child_of_an_array_tells_what_its_parent_does_not_know(code: int, reason: str, says: str) -> None:
    found = recorded("Job.Failed")
    (task,) = found.tasks
    (spec,) = task.task.jobs
    array = replace(spec, request={**spec.request, "arrayProperties": {"size": 4}})
    task = replace(task, task=replace(task.task, jobs=(array,)))
    job_id = task.jobs["align"].job_id or ""
    known = Known((task,), children={job_id: (Child(2, "FAILED", exit_code=code, reason=reason),)})
    explained = explanation(read_execution(found.execution, "x"), found.events, known, now_ms=0)
    assert explained.headline.startswith(f"NA06989 failed: {says}")
    assert explained.error == "Job.Failed"
    assert any(each.endswith("sluice logs x --index 2") for each in explained.advice)
