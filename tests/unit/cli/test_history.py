"""What the events of a history tell when states iterate, branch, and are come to again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sluice_cli.explain.history import HistoryEvent, Try, read_history


def event(number: int, kind: str, after: int | None = None, **details: Any) -> dict[str, Any]:
    """An event a second after the one before; it follows that one unless another is named."""
    at = datetime.fromtimestamp(1_800_000_000 + number, UTC)
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    before = number - 1 if after is None else after
    return {"id": number, "previousEventId": before, "type": kind, "timestamp": at, name: details}


def asked(job: str, **fields: Any) -> str:
    return json.dumps({"jobs": [{"jobName": job, **fields}], "stateName": "Call"})


def numbers(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(each.place, each.number) for each in read_history(events).tries]


def test_a_try_is_one_more_only_after_one_of_the_same_iteration_that_failed() -> None:
    events = [
        event(1, "ExecutionStarted"),
        event(2, "MapStateEntered", name="Scatter"),
        event(3, "MapStateStarted", length=2),
        event(4, "MapIterationStarted", 3, index=0),
        event(5, "TaskStateEntered", 4, name="Call"),
        event(6, "ActivityScheduled", 5, input=asked("a")),
        event(7, "MapIterationStarted", 3, index=1),
        event(8, "TaskStateEntered", 7, name="Call"),
        event(9, "ActivityScheduled", 8, input=asked("a")),
        event(10, "ActivityFailed", 6, error="Job.Failed"),
        event(11, "ActivityScheduled", 10, input=asked("a")),
    ]
    assert numbers(events) == [("Call #0", 1), ("Call #1", 1), ("Call #0", 2)]


def test_a_state_that_is_come_to_again_after_it_succeeded_is_tried_for_the_first_time() -> None:
    events = [
        event(1, "TaskStateEntered", name="Call"),
        event(2, "ActivityScheduled", input=asked("a")),
        event(3, "ActivitySucceeded", output="{}"),
        event(4, "TaskStateEntered", name="Call"),
        event(5, "ActivityScheduled", input=asked("a")),
    ]
    assert numbers(events) == [("Call", 1), ("Call", 1)]


def test_a_map_in_a_map_has_two_numbers_and_what_comes_after_it_has_one() -> None:
    events = [
        event(1, "MapStateEntered", name="Outer"),
        event(2, "MapStateStarted", length=1),
        event(3, "MapIterationStarted", index=4),
        event(4, "MapStateEntered", name="Inner"),
        event(5, "MapStateStarted", length=1),
        event(6, "MapIterationStarted", index=7),
        event(7, "TaskStateEntered", name="Call"),
        event(8, "ActivityScheduled", input=asked("a")),
        event(9, "ActivitySucceeded", output="{}"),
        event(10, "MapIterationSucceeded", index=7),
        event(11, "MapStateSucceeded"),
        event(12, "MapStateExited", name="Inner"),
        event(13, "TaskStateEntered", name="Call"),
        event(14, "ActivityScheduled", input=asked("a")),
    ]
    assert numbers(events) == [("Call #4.7", 1), ("Call #4", 1)]


def test_behind_a_map_whose_exit_is_linked_to_an_iteration_no_iteration_goes_on() -> None:
    events = [
        event(1, "MapStateEntered", name="Outer"),
        event(2, "MapStateStarted", length=1),
        event(3, "MapIterationStarted", index=4),
        event(4, "MapStateEntered", name="Inner"),
        event(5, "MapStateStarted", length=1),
        event(6, "MapIterationStarted", index=7),
        event(7, "MapIterationSucceeded", index=7),
        event(8, "MapStateSucceeded", 7),
        event(9, "MapStateExited", 7, name="Inner"),
        event(10, "TaskStateEntered", name="Call"),
        event(11, "ActivityScheduled", input=asked("a")),
        event(12, "MapIterationSucceeded", index=4),
        event(13, "MapStateSucceeded", 12),
        event(14, "MapStateExited", 12, name="Outer"),
        event(15, "TaskStateEntered", name="Call"),
        event(16, "ActivityScheduled", input=asked("a")),
    ]
    assert numbers(events) == [("Call #4", 1), ("Call", 1)]


def test_behind_a_parallel_in_a_parallel_the_outer_place_goes_on() -> None:
    events = [
        event(1, "MapIterationStarted", index=4),
        event(2, "ParallelStateStarted"),
        event(3, "MapIterationStarted", index=5),
        event(4, "ParallelStateStarted"),
        event(5, "PassStateExited", name="Pass"),
        event(6, "ParallelStateSucceeded", 5),
        event(7, "ParallelStateExited", 5, name="Inner"),
        event(8, "ParallelStateSucceeded", 7),
        event(9, "ParallelStateExited", 7, name="Outer"),
        event(10, "TaskStateEntered", name="Call"),
        event(11, "ActivityScheduled", input=asked("a")),
    ]
    assert numbers(events) == [("Call #4", 1)]


def test_behind_a_map_that_failed_and_was_caught_no_iteration_goes_on() -> None:
    events = [
        event(1, "ParallelStateEntered", name="All"),
        event(2, "ParallelStateStarted"),
        event(3, "MapStateEntered", name="Scatter"),
        event(4, "MapStateStarted", length=1),
        event(5, "MapIterationStarted", index=3),
        event(6, "TaskStateEntered", name="Call"),
        event(7, "ActivityScheduled", input=asked("a")),
        event(8, "ActivityFailed", error="Job.Failed"),
        event(9, "MapIterationFailed", index=3),
        event(10, "MapStateFailed", 8),
        event(11, "ParallelStateFailed"),
        event(12, "ParallelStateExited", name="All"),
        event(13, "TaskStateEntered", name="Call"),
        event(14, "ActivityScheduled", input=asked("a")),
    ]
    assert numbers(events) == [("Call #3", 1), ("Call", 1)]


def test_who_is_to_blame_is_found_also_where_the_map_s_end_is_linked_to_its_begin() -> None:
    events = [
        event(1, "MapStateEntered", name="Scatter"),
        event(2, "MapStateStarted", length=2),
        event(3, "MapIterationStarted", 2, index=0),
        event(4, "ActivityScheduled", 3, input=asked("a")),
        event(5, "MapIterationStarted", 2, index=1),
        event(6, "ActivityScheduled", 5, input=asked("b")),
        event(7, "ActivityFailed", 4, error="Job.OutOfMemory"),
        event(8, "MapIterationFailed", 7, index=0),
        event(9, "MapStateFailed", 2),
        event(10, "ExecutionFailed", 9, error="Job.OutOfMemory"),
    ]
    blamed = read_history(events).blamed
    assert isinstance(blamed, Try)
    assert (blamed.place, blamed.error) == ("Call #0", "Job.OutOfMemory")


def test_what_was_recovered_from_is_not_to_blame_for_what_fails_later() -> None:
    events = [
        event(1, "TaskStateEntered", name="Call"),
        event(2, "ActivityScheduled", input=asked("a")),
        event(3, "ActivityFailed", error="Job.Failed"),
        event(4, "TaskStateExited", name="Call"),
        event(5, "TaskStateEntered", name="Notify"),
        event(6, "LambdaFunctionScheduled"),
        event(7, "LambdaFunctionFailed", error="KeyError"),
        event(8, "ExecutionFailed", error="KeyError"),
    ]
    blamed = read_history(events).blamed
    assert isinstance(blamed, HistoryEvent)
    assert (blamed.place, blamed.error) == ("Notify", "KeyError")


def test_a_workflow_that_fails_by_its_own_choice_has_nobody_to_blame() -> None:
    events = [
        event(1, "TaskStateEntered", name="Call"),
        event(2, "ActivityScheduled", input=asked("a")),
        event(3, "ActivitySucceeded", output="{}"),
        event(4, "FailStateEntered", name="Low"),
        event(5, "ExecutionFailed", error="LowCoverage"),
    ]
    assert read_history(events).blamed is None


def test_after_a_redrive_the_last_failure_is_to_blame() -> None:
    events = [
        event(1, "TaskStateEntered", name="Call"),
        event(2, "ActivityScheduled", input=asked("a")),
        event(3, "ActivityFailed", error="Job.Failed"),
        event(4, "ExecutionFailed", error="Job.Failed"),
        event(5, "ExecutionRedriven"),
        event(6, "ActivityScheduled", input=asked("a")),
        event(7, "ActivityFailed", error="Job.TimedOut"),
        event(8, "ExecutionFailed", error="Job.TimedOut"),
    ]
    history = read_history(events)
    assert isinstance(history.blamed, Try)
    assert (history.blamed.number, history.blamed.error) == (2, "Job.TimedOut")


def test_executions_that_a_state_started_and_runs_of_maps_are_named() -> None:
    arn = "arn:aws:states:us-east-1:0:execution:inner:1"
    events = [
        event(1, "TaskStateEntered", name="Start"),
        event(2, "TaskScheduled", resource="startExecution.sync:2", parameters="{}"),
        event(3, "TaskSubmitted", resource="startExecution.sync:2", output=json.dumps({"ExecutionArn": arn})),
        event(4, "TaskSucceeded", resource="startExecution.sync:2", output="{}"),
        event(5, "MapStateEntered", name="Spread"),
        event(6, "MapRunStarted", mapRunArn="arn:run"),
    ]
    found = [(each.arn, each.place, each.is_map_run) for each in read_history(events).nested]
    assert found == [(arn, "Start", False), ("arn:run", "Spread", True)]
