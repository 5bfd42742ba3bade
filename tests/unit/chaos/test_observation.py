"""How a round is read from what Local AWS shows."""

from __future__ import annotations

from typing import Any

from sluice_local.observing import read_jobs
from tests.chaos.observation import FORGOTTEN, count_tries, find_leaks, jobs_of_round, rows_of_round

TOKEN = "kLm9" * 75


def row(job_id: str, workflow: str = "r1-single-0", **fields: Any) -> dict[str, Any]:
    return {
        "jobId": job_id,
        "jobName": "solo-0a1b",
        "command": "",
        "taskId": "a1",
        "parameters": {"workflow": workflow, "state": "Work", "taskJob": "solo"},
        "status": "SUCCEEDED",
        "attempts": 1,
        "createdAt": 1500,
        **fields,
    }


def test_a_round_has_its_own_jobs_only_and_those_that_batch_lost() -> None:
    page = {
        "jobs": [row("1"), row("2", "r11-single-0"), {**row("3"), "parameters": {}}],
        "forgotten": [row("4", status="RUNNING")],
    }
    assert [(each.job_id, each.status) for each in rows_of_round(page, "r1")] == [
        ("1", "SUCCEEDED"),
        ("4", FORGOTTEN),
    ]


def test_the_children_of_an_array_are_read_into_their_parent() -> None:
    rows = [row("1", attempts=0), row("1:0"), row("1:1", status="FAILED")]
    (job,) = jobs_of_round(read_jobs({"jobs": rows}), {})
    assert [(child.job_id, child.status) for child in job.children] == [
        ("1:0", "SUCCEEDED"),
        ("1:1", "FAILED"),
    ]
    assert job.created_s == 1.5


def test_all_that_batch_says_of_a_failure_is_read() -> None:
    detail = {"isTerminated": True, "container": {"reason": "killed"}}
    rows = read_jobs({"jobs": [row("1", status="FAILED", statusReason="enough")]})
    (job,) = jobs_of_round(rows, {"1": detail})
    assert (job.reason, job.by_hand, job.ended) == ("enough; killed", True, True)


def test_a_state_was_tried_as_often_as_it_was_scheduled() -> None:
    entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Align"}}
    events: list[dict[str, Any]] = [
        entered,
        *({"type": kind} for kind in ("ActivityScheduled", "ActivityTimedOut", "ActivityScheduled")),
    ]
    assert count_tries(events) == {"Align": 2}


def test_a_token_its_beginning_and_whatever_looks_like_one_is_a_leak() -> None:
    lines = [
        f"whole {TOKEN}",
        f"part {TOKEN[:24]} of it",
        f"unknown {'Zz9+/' * 60}",
        "fine 6ba7b810-9dad-11d1",
    ]
    assert find_leaks(lines, [TOKEN]) == tuple(line[:120] for line in lines[:3])
    assert find_leaks(lines[3:], []) == ()
