"""What is lost on the way is found again by reconcile_tasks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sluice.tasks.contract import parse_task
from sluice.tasks.model import TaskState
from tests.e2e.stack.stack import LONG_AGO_SECONDS
from tests.support.building import eventually

if TYPE_CHECKING:
    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines


def taken_from_the_queue(stack: Stack, machines: Machines, command: str) -> tuple[dict[str, Any], str]:
    """A workflow whose poller died with the task in hand; returns the task and the execution."""
    stack.idle_pollers()
    definition = stack.job_definition(f"heal-{command}", command)
    execution = machines.start(stack.machine(machines, stack.job("job", definition)))
    return eventually(stack.next_task), execution


def put_intent(stack: Stack, handed: dict[str, Any]) -> None:
    """Writes the intent of a task, as if it were from long ago."""
    long_ago_ms = (int(time.time()) - LONG_AGO_SECONDS) * 1000
    task = parse_task(handed["taskToken"], handed["input"])
    assert stack.store.put_intent(task, handed["input"], long_ago_ms)


def test_a_task_whose_poller_died_after_the_intent_is_submitted(stack: Stack, machines: Machines) -> None:
    handed, execution = taken_from_the_queue(stack, machines, "true")
    put_intent(stack, handed)
    assert stack.invoke("ReconcileTasks", {})["TasksResumed"] == 1
    assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_a_job_whose_id_was_lost_is_found_and_not_submitted_twice(stack: Stack, machines: Machines) -> None:
    sleeper = stack.job_definition("sleep", "sleep", "600")
    execution = machines.start(stack.machine(machines, stack.job("long", sleeper)))
    job_id = stack.submitted(execution, "long")
    (task,) = stack.tasks(execution)
    stack.forget(task)
    stack.invoke("ReconcileTasks", {})
    assert stack.submitted(execution, "long") == job_id
    stack.states.stop_execution(executionArn=execution)


def test_a_task_for_which_its_workflow_waits_no_longer_is_abandoned(stack: Stack, machines: Machines) -> None:
    stack.idle_pollers()
    machine = stack.machine(machines, stack.job("job", stack.job_definition("true", "true")))
    definition = json.loads(stack.states.describe_state_machine(stateMachineArn=machine)["definition"])
    # a workflow that goes on without its task ends well, so that cancel_jobs never hears of it
    del definition["States"]["Work"]["HeartbeatSeconds"]
    definition["States"]["Work"] |= {
        "TimeoutSeconds": 1,
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "GoOn"}],
    }
    definition["States"]["GoOn"] = {"Type": "Succeed"}
    execution = machines.start(machines.create(definition, "-impatient"))
    handed = eventually(stack.next_task)
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    put_intent(stack, handed)
    assert stack.invoke("ReconcileTasks", {})["TasksAbandoned"] == 1
    assert stack.tasks(execution) == []


def test_a_task_whose_item_was_spoilt_fails_by_name_and_stops_its_job(
    stack: Stack, machines: Machines
) -> None:
    sleeper = stack.job_definition("sleep", "sleep", "600")
    execution = machines.start(stack.machine(machines, stack.job("long", sleeper)))
    job_id = stack.submitted(execution, "long")
    (task,) = stack.tasks(execution)
    stack.spoil(task)
    stack.invoke("ReconcileTasks", {})
    ended = machines.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Task.Invalid")
    assert "cannot be read any more" in ended["cause"]
    assert eventually(lambda: stack.ended_job(job_id))["statusReason"].startswith("Sluice: ")
    assert eventually(lambda: stack.closed_task(task)) is TaskState.FAILED


def test_every_function_takes_its_sample_event(stack: Stack) -> None:
    for function, file in {
        "SubmitJobs": "submit_jobs",
        "HandleJobStatus": "handle_job_status",
        "CancelJobs": "cancel_jobs",
        "EnsurePollers": "ensure_pollers",
        "ReconcileTasks": "reconcile_tasks",
    }.items():
        answer = stack.invoke(function, json.loads((stack.root / "events" / f"{file}.json").read_text()))
        assert not (answer or {}).get("batchItemFailures"), function
