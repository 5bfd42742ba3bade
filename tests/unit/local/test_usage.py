"""What Local AWS counts for the bill."""

from sluice_local.engine.usage import FunctionUse, Invocation, TableUse, execution_row, transitions


def test_a_transition_is_the_start_each_state_and_each_further_try() -> None:
    entered = ["PassStateEntered", "TaskStateEntered", "SucceedStateEntered"]
    tries = ["TaskScheduled", "TaskFailed", "TaskScheduled", "TaskFailed", "TaskScheduled"]
    assert transitions(["ExecutionStarted", *entered, *tries]) == 1 + 3 + 2


def test_an_activity_that_is_scheduled_once_costs_no_transition_of_its_own() -> None:
    assert transitions(["TaskStateEntered", "ActivityScheduled", "ActivitySucceeded"]) == 2


def test_an_execution_is_shown_with_the_length_of_its_history() -> None:
    execution = {
        "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:loop",
        "name": "s0000",
        "status": "RUNNING",
        "startDate": "2026-01-01T00:00:00Z",
        "stopDate": None,
        "events": [{"type": "ExecutionStarted"}, {"type": "WaitStateEntered"}],
    }
    row = execution_row(execution)
    assert (row["stateMachine"], row["events"], row["transitions"]) == ("loop", 2, 2)


def test_an_invocation_that_still_runs_counts_with_its_time_and_memory_so_far() -> None:
    use = FunctionUse()
    first, second = Invocation("submit", 10.0, lambda: 88.5), Invocation("submit", 12.0, lambda: 91.0)
    use.begin(first, 256)
    use.begin(second, 256)
    use.end(first, 13.0)
    assert use.peak_mib["submit"] == 88.5
    assert use.report(15.0) == {
        "submit": {"invocations": 2, "seconds": 6.0, "memoryMib": 256, "peakMemoryMib": 91.0}
    }


def test_units_are_added_by_table() -> None:
    use = TableUse()
    use.add({"TableName": "tasks", "CapacityUnits": 3.0}, write=True)
    use.add({"TableName": "tasks", "CapacityUnits": 0.5}, write=False)
    use.add({"TableName": "tasks", "CapacityUnits": 1.0}, write=True)
    assert use.report() == {"tasks": {"writeUnits": 4.0, "readUnits": 0.5}}
