"""What the live page shows of one moment."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sluice_local.live.snapshot import (
    FAILURES_SHOWN,
    WINDOW_SECONDS,
    Execution,
    Queue,
    State,
    Submits,
    snapshot,
)
from sluice_local.live.walls import Wall

NOW = 10_000
NOTHING = State(NOW, (), (), Queue(0, 0, 0), Submits(0, 0, {}, 50.0))


def failed(name: str = "one", at: str = "10:00:00.000", cause: str | None = None) -> Execution:
    return Execution("workflow", name, "FAILED", f"2026-11-23T{at}Z", "Job.Failed", cause)


def test_executions_are_counted_by_machine_and_state_and_jobs_by_state() -> None:
    executions = [
        Execution("workflow", "one", "RUNNING"),
        Execution("workflow", "two", "SUCCEEDED"),
        Execution("sluice-activity-poller", "slot-0-1", "RUNNING"),
        Execution("sluice-activity-poller", "slot-0-0", "SUCCEEDED"),
    ]
    found = snapshot(replace(NOTHING, executions=executions, job_statuses=["RUNNING", "RUNNING", "FAILED"]))
    assert found["executions"] == {
        "sluice-activity-poller": {"RUNNING": 1, "SUCCEEDED": 1},
        "workflow": {"RUNNING": 1, "SUCCEEDED": 1},
    }
    assert (found["jobs"], found["pollersRunning"]) == ({"RUNNING": 2, "FAILED": 1}, 1)


def test_the_rate_is_that_of_the_last_whole_seconds() -> None:
    submits = Submits(9, 2, {NOW - WINDOW_SECONDS: (1, 0), NOW - 1: (4, 2), NOW: (2, 0)}, 50.0)
    found = snapshot(replace(NOTHING, submits=submits))["submits"]
    assert found["fromSecond"] == NOW - WINDOW_SECONDS
    assert [len(found[name]) for name in ("acceptedPerSecond", "throttledPerSecond")] == [WINDOW_SECONDS] * 2
    assert (found["acceptedPerSecond"][0], found["acceptedPerSecond"][-1]) == (1, 4)
    assert (sum(found["acceptedPerSecond"]), sum(found["throttledPerSecond"])) == (5, 2)
    assert (found["count"], found["throttled"]) == (9, 2)


def test_failures_are_counted_by_their_names_and_the_newest_shown_first() -> None:
    executions = [failed(str(number), at=f"10:00:{number:02}.000") for number in range(FAILURES_SHOWN + 5)]
    executions.append(Execution("workflow", "stopped", "ABORTED", "2026-11-23T09:00:00.000Z"))
    found = snapshot(replace(NOTHING, executions=executions))
    assert found["errors"] == {"Job.Failed": FAILURES_SHOWN + 5, "ABORTED": 1}
    assert [each["name"] for each in found["failures"]] == [str(number) for number in range(24, 4, -1)]


@pytest.mark.parametrize(
    ("cause", "job", "reason"),
    [
        (json.dumps({"job": "align", "reason": "killed"}), "align", "killed"),
        (
            json.dumps({"JobId": "1", "JobName": "align", "Container": {"Reason": "killed"}}),
            "align",
            "killed",
        ),
        ("no such bucket", None, "no such bucket"),
        ("[1]", None, "[1]"),
        (None, None, ""),
        ("x" * 1000, None, "x" * 300),
    ],
)
def test_a_cause_names_the_job_if_it_is_one_of_sluice_s(
    cause: str | None, job: str | None, reason: str
) -> None:
    (found,) = snapshot(replace(NOTHING, executions=[failed(cause=cause)]))["failures"]
    assert (found["job"], found["reason"]) == (job, reason)


def of(name: str, status: str = "SUCCEEDED") -> Execution:
    return Execution("workflow", name, status, "2026-11-23T10:00:00.000Z")


def test_samples_are_counted_by_cohort_and_by_their_last_attempts() -> None:
    executions = [
        of("old.1.NA1"),
        of("trio.1.NA1", "FAILED"),
        of("trio.1.NA2"),
        of("trio.2.NA1", "RUNNING"),
        of("slot-0-1", "RUNNING"),
    ]
    found = snapshot(replace(NOTHING, executions=executions))
    assert found["cohorts"] == {"trio": {"RUNNING": 1, "SUCCEEDED": 1}, "old": {"SUCCEEDED": 1}}


def test_a_failure_names_its_sample_and_what_became_of_a_later_attempt() -> None:
    executions = [
        of("trio.1.NA1", "FAILED"),
        of("trio.2.NA1"),
        of("trio.1.NA2", "FAILED"),
        of("by-hand", "FAILED"),
    ]
    failures = snapshot(replace(NOTHING, executions=executions))["failures"]
    told = [(each["sample"], each["cohort"], each["attempt"], each["later"]) for each in failures]
    assert told == [
        ("NA1", "trio", 1, "SUCCEEDED"),
        ("NA2", "trio", 1, None),
        (None, None, None, None),
    ]


def test_it_stays_small_however_large_the_cohort_is() -> None:
    executions = [failed(f"cohort.1.NA{number:05}", cause="x" * 2000) for number in range(1800)]
    state = replace(NOTHING, executions=executions, job_statuses=["SUCCEEDED"] * 5400)
    assert len(json.dumps(snapshot(state))) < 16_000


def test_the_wall_is_shown_with_the_way_out() -> None:
    assert snapshot(NOTHING)["wall"] is None
    found = snapshot(replace(NOTHING, wall=Wall("SubmitJob", "Use array jobs.")))["wall"]
    assert found == {"name": "SubmitJob", "wayOut": "Use array jobs."}
