"""What is lost on the way is found again by reconcile_tasks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.contract.building import eventually

from sluice.submission import TAKEOVER_SECONDS
from sluice.task_input import parse_task

if TYPE_CHECKING:
    from tests.contract.building import Machines
    from tests.contract.stack.stack import Stack


def lost_after_its_intent(stack: Stack, machines: Machines, command: str) -> str:
    """A workflow whose poller died right after the intent; returns its execution."""
    stack.idle_pollers()
    name = f"heal-{command}"
    execution = machines.start(stack.machine(machines, stack.job("job", stack.job_definition(name, command))))
    handed: dict[str, Any] = eventually(
        lambda: (
            (got := stack.states.get_activity_task(activityArn=stack.outputs["ActivityArn"])).get("taskToken")
            and got
        )
    )
    long_ago_ms = (int(time.time()) - TAKEOVER_SECONDS) * 1000
    stack.store.put_intent(parse_task(handed["taskToken"], handed["input"]), handed["input"], long_ago_ms)
    return execution


def test_a_task_whose_poller_died_after_the_intent_is_submitted(stack: Stack, machines: Machines) -> None:
    execution = lost_after_its_intent(stack, machines, "true")
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


def test_a_task_whose_workflow_is_gone_is_abandoned(stack: Stack, machines: Machines) -> None:
    execution = lost_after_its_intent(stack, machines, "sleep")
    stack.states.stop_execution(executionArn=execution)
    eventually(lambda: stack.invoke("ReconcileTasks", {}) and not stack.tasks(execution))


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
