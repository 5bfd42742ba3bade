"""How the pages of Local AWS are read."""

from sluice_local.observing import (
    ApiCalls,
    JobRow,
    Usage,
    read_calls,
    read_forgotten_jobs,
    read_jobs,
    read_usage,
)

ROW = {
    "jobId": "1",
    "jobName": "align-0a1b",
    "parameters": {"sample": "NA1"},
    "command": "lowpass align",
    "status": "SUCCEEDED",
    "createdAt": 1500,
    "startedAt": 2000,
    "stoppedAt": 4500,
    "attempts": 1,
}


def test_a_job_is_read_with_its_times_in_seconds() -> None:
    assert read_jobs({"jobs": [ROW]}) == (
        JobRow("1", "align-0a1b", {"sample": "NA1"}, "lowpass align", "SUCCEEDED", 1.5, 2.0, 4.5, attempts=1),
    )


def test_what_batch_has_lost_is_read_apart() -> None:
    page = {"jobs": [], "forgotten": [{**ROW, "taskId": "00ff", "statusReason": "why"}]}
    (lost,) = read_forgotten_jobs(page)
    assert (lost.job_id, lost.task_id, lost.status_reason) == ("1", "00ff", "why")
    assert read_jobs(page) == ()


def test_the_parent_of_an_array_is_told_from_its_children() -> None:
    parent, child = read_jobs(
        {"jobs": [{**ROW, "arrayProperties": {"size": 2}}, {**ROW, "arrayProperties": {"index": 0}}]}
    )
    assert (parent.is_array, child.is_array) == (True, False)


def test_calls_are_read_by_second() -> None:
    page = {"calls": {"Batch.SubmitJob": {"count": 3, "throttled": 1, "per_second": {"17": [2, 1]}}}}
    assert read_calls(page) == {"Batch.SubmitJob": ApiCalls(3, 1, {17: (2, 1)})}


def test_the_peak_counts_what_was_throttled_too() -> None:
    assert ApiCalls(6, 2, {7: (1, 0), 9: (3, 2)}).peak_per_second == 5
    assert ApiCalls().peak_per_second == 0


def test_a_series_holds_the_quiet_seconds_too() -> None:
    assert ApiCalls(6, 2, {7: (1, 0), 9: (3, 2)}).series() == ((7, 1, 0), (8, 0, 0), (9, 3, 2))
    assert ApiCalls().series() == ()


def test_usage_is_summed_up_over_machines_functions_tables_and_queues() -> None:
    usage = read_usage(
        [{"transitions": 6}, {"transitions": 7}],
        {
            "submit": {"invocations": 2, "seconds": 8.0, "memoryMib": 256, "peakMemoryMib": 80},
            "handle": {"invocations": 5, "seconds": 1.0, "memoryMib": 512, "peakMemoryMib": 70},
        },
        {"tasks": {"writeUnits": 9.0, "readUnits": 0.5}, "rates": {"writeUnits": 1.0, "readUnits": 0.0}},
        {"ended": 3, "wake": 4},
    )
    assert usage == Usage(13, 7, 2.5, 10.0, 0.5, 7)
