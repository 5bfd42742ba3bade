"""Bad input on the real stack, beside good tasks that go on as if it were not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sluice.tasks.model import TaskState
from tests.support.builders import EXECUTION, detail
from tests.support.building import eventually
from tests.unit.sluice.test_bad_events import NO_EVENT, NOT_OURS, NOT_STOPPED, batch_event

if TYPE_CHECKING:
    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

MAX_INPUT = 262_144
"""Bytes: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

FOREIGN = "AQCforeign-token"


def machine_of_any_input(stack: Stack, machines: Machines) -> str:
    """A state machine that hands its own input to the Activity, whatever it is."""
    return machines.of_one_task(stack.outputs["ActivityArn"], HeartbeatSeconds=600)


def queue_urls(stack: Stack) -> dict[str, str]:
    """The stack's queues, dead letters and all, by their names in the template."""
    urls = stack.aws.client("sqs").list_queues()["QueueUrls"]
    names = [
        f"{each}{kind}"
        for each in ("JobEvents", "Cancellations", "WakeUps")
        for kind in ("Queue", "DeadLetters")
    ]
    found = {name: url for name in names for url in urls if name in url}
    assert len(found) == len(names)
    return found


def waiting(stack: Stack) -> dict[str, int]:
    """How many messages each queue holds, in hand or not."""
    sqs, counts = stack.aws.client("sqs"), {}
    for name, url in queue_urls(stack).items():
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
        counts[name] = sum(int(value) for value in found.values())
    return counts


def send(stack: Stack, name: str, *bodies: str) -> None:
    """Puts messages into one of the queues."""
    sqs, url = stack.aws.client("sqs"), queue_urls(stack)[name]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def submit_as_others_do(stack: Stack, key: str) -> list[str]:
    """Runs jobs on the stack's queue that are none of its tasks', whatever they say; returns their ids."""
    fails = stack.job_definition("false", "false")
    ours = {"taskKey": key, "taskJob": "long"}
    jobs: dict[str, dict[str, Any]] = {
        "no-token": {},
        "token-only": {"parameters": {"taskToken": FOREIGN}},
        "foreign-token": {"parameters": {"taskToken": FOREIGN, "taskJob": "long"}},
        "token-longer-than-any": {"parameters": {"taskToken": "t" * 5_000, "taskJob": "long"}},
        "empty-token": {"parameters": {"taskToken": "", "taskJob": ""}},
        "another-job-of-the-task": {"parameters": {**ours, "taskJob": "another"}},
        "copy-of-the-job": {"parameters": ours},
        "array-of-copies": {"parameters": ours, "arrayProperties": {"size": 2}},
    }
    queue = stack.outputs["JobQueueArn"]
    return [
        stack.batch.submit_job(jobName=name, jobQueue=queue, jobDefinition=fails, **fields)["jobId"]
        for name, fields in jobs.items()
    ]


def put_event(stack: Stack, source: str, event: dict[str, Any]) -> int:
    """Puts an event onto the bus; returns how many were refused."""
    entry = {"Source": source, "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    return int(stack.aws.client("events").put_events(Entries=[entry])["FailedEntryCount"])


def test_jobs_of_others_and_garbage_in_the_queues_leave_no_trace(stack: Stack, machines: Machines) -> None:
    sleeper = stack.job_definition("sleep", "sleep", "600")
    execution = machines.start(stack.machine(machines, stack.job("long", sleeper), name="-long"))
    stack.submitted(execution, "long")
    (before,) = stack.tasks(execution)
    tokens = set(stack.tokens())

    theirs = submit_as_others_do(stack, before.task.key)
    for name in ("JobEventsQueue", "CancellationsQueue", "WakeUpsQueue"):
        send(stack, name, *filter(None, NO_EVENT.values()))
    send(stack, "JobEventsQueue", *(json.dumps(event) for event in NOT_OURS.values()))
    send(stack, "CancellationsQueue", *(json.dumps(event) for event in NOT_STOPPED.values()))
    failing = machines.create({"StartAt": "No", "States": {"No": {"Type": "Fail"}}}, "-failing")
    machines.ended(machines.start(failing))
    eventually(lambda: all(stack.ended_job(job_id) for job_id in theirs))

    fine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")), name="-ok")
    assert machines.ended(machines.start(fine))["status"] == "SUCCEEDED"
    eventually(lambda: not any(waiting(stack).values()))
    (after,) = stack.tasks(execution)
    assert (after.state, after.jobs) == (TaskState.OPEN, before.jobs)
    assert len(set(stack.tokens()) - tokens) == 1
    assert FOREIGN not in stack.aws.log_path.read_text()
    stack.states.stop_execution(executionArn=execution)


def test_nobody_but_batch_can_say_on_the_bus_that_a_job_ended(stack: Stack, machines: Machines) -> None:
    sleeper = stack.job_definition("sleep", "sleep", "600")
    execution = machines.start(stack.machine(machines, stack.job("long", sleeper)))
    job_id = stack.submitted(execution, "long")
    (before,) = stack.tasks(execution)
    ours = {"taskKey": before.task.key, "taskJob": "long"}
    forged = batch_event(jobQueue=stack.outputs["JobQueueArn"], parameters=ours, **detail(job_id, "FAILED"))
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    assert put_event(stack, "aws.batch", forged) == 1
    assert put_event(stack, "lab.batch", forged) == 0

    fine = stack.machine(machines, stack.job("ok", stack.job_definition("true", "true")), name="-ok")
    assert machines.ended(machines.start(fine))["status"] == "SUCCEEDED"
    eventually(lambda: not any(waiting(stack).values()))
    (after,) = stack.tasks(execution)
    assert after.jobs == before.jobs
    stack.states.stop_execution(executionArn=execution)


def filled(task: dict[str, Any], size: int) -> str:
    """The task with parameters that make its text this long."""
    for each in task["jobs"]:
        each["parameters"] = {"sample": ""}
    room, rest = divmod(size - len(json.dumps(task)), len(task["jobs"]))
    for index, each in enumerate(task["jobs"]):
        each["parameters"]["sample"] = "N" * (room + (rest if index == 0 else 0))
    return json.dumps(task)


@pytest.mark.parametrize(("jobs", "ends"), [(10, "SUCCEEDED"), (1, "FAILED")])
def test_the_largest_input_runs_if_each_of_its_jobs_is_one_that_batch_takes(
    stack: Stack, machines: Machines, jobs: int, ends: str
) -> None:
    definition = stack.job_definition("true", "true")
    names = [stack.job(f"job{index}", definition) for index in range(jobs)]
    text = filled({"executionArn": EXECUTION, "stateName": "Work", "jobs": names}, MAX_INPUT)
    execution = machines.start(machine_of_any_input(stack, machines), json.loads(text))
    ended = machines.ended(execution)
    assert ended["status"] == ends, ended
    if ends == "FAILED":
        assert ended["error"] == "Task.Invalid"
        assert "jobs[0]: its SubmitJob request has 262" in json.loads(ended["cause"])["reason"]


@pytest.mark.parametrize(
    "task_input",
    [
        None,
        [],
        "align",
        {"jobs": [[[[]]]]},
        {"executionArn": EXECUTION, "stateName": "\x00", "jobs": [{}] * 101},
    ],
    ids=["null", "a list", "text", "lists in lists", "101 jobs"],
)
def test_an_input_of_another_shape_is_answered_by_name(
    stack: Stack, machines: Machines, task_input: Any
) -> None:
    machine = machine_of_any_input(stack, machines)
    execution = stack.states.start_execution(stateMachineArn=machine, input=json.dumps(task_input))[
        "executionArn"
    ]
    ended = machines.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Task.Invalid")
    assert stack.tasks(EXECUTION) == []


def test_a_task_is_held_against_submit_job_whole_before_anything_of_it_is_submitted(
    stack: Stack, machines: Machines
) -> None:
    definition = stack.job_definition("true", "true")
    good = [stack.job(name, definition) for name in ("early", "later")]
    wrong = {
        "argument": (stack.job("wrong", definition, timeout="60"), "Task.Invalid"),
        # what botocore's model does not know is Batch's to refuse
        "bound": (stack.job("wrong", definition, retryStrategy={"attempts": 11}), "Task.Rejected"),
    }
    started = {
        kind: (machines.start(stack.machine(machines, *good, each, name=f"-{kind}")), error)
        for kind, (each, error) in wrong.items()
    }
    causes = {}
    for kind, (execution, error) in started.items():
        ended = machines.ended(execution)
        assert (ended["status"], ended["error"]) == ("FAILED", error)
        causes[kind] = json.loads(ended["cause"])["reason"]
    assert causes["argument"].startswith('jobs[2]: timeout is "60"; it must be an object')
    assert "retryStrategy.attempts is 11" in causes["bound"]
    # the two before the one that Batch refused, and none of the other task
    assert stack.job_called("early")
    assert stack.job_called("later")


@pytest.mark.parametrize("event", [None, {}, {"slot": "0", "probe": False}])
def test_a_round_that_no_poller_asks_for_is_refused_in_words(stack: Stack, event: Any) -> None:
    answer = stack.aws.client("lambda").invoke(
        FunctionName=stack.physical("SubmitJobsFunction"), Payload=json.dumps(event)
    )
    assert "FunctionError" in answer
    assert json.loads(answer["Payload"].read())["errorType"] == "InvalidEventError"


@pytest.mark.parametrize("event", [None, [], "now"], ids=str)
def test_what_invokes_a_scheduled_function_does_not_matter(stack: Stack, event: Any) -> None:
    assert "oldestOpenTaskAgeSeconds" in stack.invoke("ReconcileTasks", event)
    assert set(stack.invoke("EnsurePollers", event)) <= {"PollersStarted"}


@pytest.mark.parametrize("function", ["HandleJobStatus", "CancelJobs"])
def test_an_invocation_that_is_no_batch_of_records_is_refused_to_its_sender(
    stack: Stack, function: str
) -> None:
    answer = stack.aws.client("lambda").invoke(
        FunctionName=stack.physical(f"{function}Function"), Payload=json.dumps(batch_event())
    )
    assert json.loads(answer["Payload"].read())["errorType"] == "InvalidEventError"
