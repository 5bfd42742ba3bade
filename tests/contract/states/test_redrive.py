"""A failed execution goes on where it failed."""

import json
from typing import Any

import pytest

from tests.support.building import Machines, eventually, refused


def work(activity_arn: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": activity_arn, "End": True, **fields}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


class Worker:
    """Takes an activity's tasks."""

    def __init__(self, states: Any, activity_arn: str) -> None:
        self._states = states
        self._arn = activity_arn

    def take(self) -> dict[str, Any]:
        return dict(eventually(self._polled))

    def _polled(self) -> Any:
        task = self._states.get_activity_task(activityArn=self._arn)
        return task if task.get("taskToken") else None

    def fail(self) -> str:
        task = self.take()
        self._states.send_task_failure(taskToken=task["taskToken"], error="Bad")
        return str(task["input"])

    def succeed(self, output: str = "1") -> str:
        task = self.take()
        self._states.send_task_success(taskToken=task["taskToken"], output=output)
        return str(task["input"])


@pytest.fixture
def worker(states: Any, activity_arn: str) -> Worker:
    return Worker(states, activity_arn)


def test_it_goes_on_at_the_state_that_failed(
    states: Any, machines: Machines, activity_arn: str, worker: Worker
) -> None:
    first = {"Type": "Pass", "Result": {"made": 1}, "ResultPath": "$.first", "Next": "Work"}
    execution = machines.start(machines.create(machine(First=first, Work=work(activity_arn))), {"x": 1})
    worker.fail()
    described = machines.ended(execution)
    assert (described["redriveCount"], described["redriveStatus"]) == (0, "REDRIVABLE")
    assert "redriveDate" in states.redrive_execution(executionArn=execution)
    assert json.loads(worker.succeed()) == {"x": 1, "first": {"made": 1}}
    described = machines.ended(execution)
    assert (described["status"], described["output"], described["redriveCount"]) == ("SUCCEEDED", "1", 1)
    events = machines.events(execution)
    assert events.count("PassStateEntered") == 1
    assert events[events.index("ExecutionFailed") :] == [
        "ExecutionFailed",
        "ExecutionRedriven",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_iterations_that_have_succeeded_are_not_run_again(
    states: Any, machines: Machines, activity_arn: str, worker: Worker
) -> None:
    each = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": machine(Work=work(activity_arn)),
        "End": True,
    }
    execution = machines.start(machines.create(machine(Each=each)), ["a", "b", "c"])
    worker.succeed('"A"')
    worker.fail()
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)
    assert [worker.succeed('"B"'), worker.succeed('"C"')] == ['"b"', '"c"']
    assert json.loads(machines.ended(execution)["output"]) == ["A", "B", "C"]


def test_children_that_have_succeeded_are_not_run_again(
    states: Any, machines: Machines, activity_arn: str, worker: Worker
) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **machine(Work=work(activity_arn)),
    }
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    execution = machines.start(machines.create(machine(Each=each)), ["a", "b"])
    worker.succeed('"A"')
    worker.fail()
    machines.ended(execution)
    states.redrive_execution(executionArn=execution)
    assert worker.succeed('"B"') == '"b"'
    assert json.loads(machines.ended(execution)["output"]) == ["A", "B"]
    assert "MapRunRedriven" in machines.events(execution)


def test_the_definition_is_that_of_the_execution(
    states: Any, machines: Machines, activity_arn: str, worker: Worker
) -> None:
    arn = machines.create(machine(Work=work(activity_arn)))
    execution = machines.start(arn)
    worker.fail()
    machines.ended(execution)
    states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(machine(Other={"Type": "Succeed"}))
    )
    states.redrive_execution(executionArn=execution)
    worker.succeed()
    assert machines.ended(execution)["output"] == "1"


def test_what_has_succeeded_or_runs_is_not_redriven(
    states: Any, machines: Machines, activity_arn: str, worker: Worker
) -> None:
    execution = machines.start(machines.create(machine(Work=work(activity_arn))))

    def redrive() -> Any:
        return states.redrive_execution(executionArn=execution)

    assert refused(redrive) == "ExecutionNotRedrivable"
    worker.succeed()
    machines.ended(execution)
    assert refused(redrive) == "ExecutionNotRedrivable"
    gone = f"{execution}-gone"
    assert refused(lambda: states.redrive_execution(executionArn=gone)) == "ExecutionDoesNotExist"
