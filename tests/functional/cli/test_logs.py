"""`sluice logs` on an AWS of recorded executions."""

from __future__ import annotations

from typing import Any

import pytest

from sluice_cli.errors import AwsError
from tests.functional.cli.fakes import Clock, job_id, of_execution, of_recording, run, still_running
from tests.unit.cli.recordings import recorded

GROUP = "/sluice/sluice/jobs"
NO_STREAM = AwsError("It said ResourceNotFoundException: no stream", "ResourceNotFoundException")


def detail(
    of: str, stream: str | None = "align/default/1", status: str = "FAILED", **fields: Any
) -> dict[str, Any]:
    """A job as DescribeJobs tells it."""
    container = {
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
        **({"logStreamName": stream} if stream else {}),
    }
    return {"jobId": of, "status": status, "container": container, **fields}


def log_of(streams: dict[str, list[list[str]]]) -> Any:
    """GetLogEvents with so many pages a stream; the last page's token comes back for ever."""

    def get_log_events(**arguments: Any) -> Any:
        pages = streams.get(arguments["logStreamName"])
        if pages is None:
            return NO_STREAM
        at = int(arguments.get("nextToken", "0"))
        events = [{"message": line} for line in (pages[at] if at < len(pages) else [])]
        return {"events": events, "nextForwardToken": str(min(at + 1, len(pages)))}

    return get_log_events


def test_the_failed_job_s_log_is_printed_page_by_page_and_nothing_else() -> None:
    found = recorded("Job.Failed")
    job = detail(job_id(found, "align"))
    logs = log_of({"align/default/1": [["one", "two"], ["three"]]})
    api = of_execution(found, **{"batch.describe_jobs": {"jobs": [job]}, "logs.get_log_events": logs})
    result = run(api, "logs", "Failed")
    assert (result.exit_code, result.stdout) == (0, "one\ntwo\nthree\n")
    assert result.stderr == f"NA06989, job align (FAILED): {GROUP} align/default/1\n"
    assert {arguments["logGroupName"] for *_, arguments in api.calls if "logGroupName" in arguments} == {
        GROUP
    }


def test_a_history_is_read_once() -> None:
    found = recorded("Job.Failed")
    logs = log_of({"align/default/1": [["one"]]})
    job = detail(job_id(found, "align"))
    api = of_execution(found, **{"batch.describe_jobs": {"jobs": [job]}, "logs.get_log_events": logs})
    for options in ((), ("--job", "align")):
        api.calls.clear()
        assert run(api, "logs", "Failed", *options).stdout == "one\n"
        assert [operation for _, operation, _ in api.calls].count("get_execution_history") == 1


def test_a_job_that_batch_has_forgotten_is_found_by_what_the_task_and_the_definition_say() -> None:
    found = recorded("Job.Failed")
    stream = found.items[0]["jobs"]["M"]["align"]["M"]["logStreamName"]["S"]
    definition = {"containerProperties": detail("any")["container"]}
    api = of_execution(
        found,
        **{
            "batch.describe_job_definitions": {"jobDefinitions": [definition]},
            "logs.get_log_events": log_of({stream: [["old"]]}),
        },
    )
    result = run(api, "logs", "Failed", "--job", "align")
    assert (result.exit_code, result.stdout) == (0, "old\n")
    assert f"(forgotten by Batch): {GROUP} {stream}" in result.stderr


def test_when_the_tasks_are_deleted_the_cause_of_the_failure_still_names_the_log() -> None:
    found = recorded("Job.Failed")
    found.items.clear()
    api = of_execution(found, **{"logs.get_log_events": lambda **_: {"events": [{"message": "late"}]}})
    assert run(api, "logs", "Failed").stdout == "late\n"


def test_an_attempt_and_an_array_job_s_failed_child_have_streams_of_their_own() -> None:
    found = recorded("Job.Failed")
    parent = job_id(found, "align")
    attempts = [{"container": {"logStreamName": f"try/{number}"}} for number in (1, 2)]
    known = {
        parent: detail(parent, None, arrayProperties={"size": 9}),
        f"{parent}:4": detail(f"{parent}:4", "child/4", attempts=attempts),
    }
    failed = {"jobSummaryList": [{"arrayProperties": {"index": index}} for index in (7, 4)]}
    api = of_execution(
        found,
        **{
            "batch.describe_jobs": lambda jobs: {"jobs": [known[each] for each in jobs]},
            "batch.list_jobs": failed,
            "logs.get_log_events": log_of({"child/4": [["last"]], "try/1": [["first"]]}),
        },
    )
    last = run(api, "logs", "Failed")
    assert (last.stdout, ", job align, child 4 of 9 (FAILED): " in last.stderr) == ("last\n", True)
    assert run(api, "logs", "Failed", "--job-attempt", "1").stdout == "first\n"
    refused = run(api, "logs", "Failed", "--job-attempt", "3")
    assert (refused.exit_code, "has had 2 so far" in refused.stderr) == (2, True)


def test_follow_waits_for_the_job_to_begin_and_ends_with_it() -> None:
    found = still_running("Job.Failed")
    align = job_id(found, "align")
    states = iter(
        [
            detail(align, None, "RUNNABLE"),
            detail(align, status="RUNNING"),
            detail(align, status="SUCCEEDED"),
        ]
    )
    pages = [["one"], ["two"], ["three"]]

    def get_log_events(**arguments: Any) -> Any:
        at = int(arguments.get("nextToken", "0"))
        return {"events": [{"message": line} for line in pages[at]], "nextForwardToken": str(min(at + 1, 2))}

    api = of_execution(
        found,
        **{
            "batch.describe_jobs": lambda **_: {"jobs": [next(states)]},
            "logs.get_log_events": get_log_events,
        },
    )
    clock = Clock()
    result = run(api, "logs", "Failed", "--follow", clock=clock)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == ["one", "two", "three"]
    assert clock.slept_seconds > 0


@pytest.mark.parametrize(
    ("status", "stream", "says"),
    [
        ("RUNNABLE", None, "has not begun"),
        ("RUNNING", "s", "--follow waits"),
        ("FAILED", "s", "sluice explain"),
    ],
)
def test_a_job_without_output_says_why(status: str, stream: str | None, says: str) -> None:
    found = recorded("Job.Failed")
    job = detail(job_id(found, "align"), stream, status)
    api = of_execution(found, **{"batch.describe_jobs": {"jobs": [job]}, "logs.get_log_events": NO_STREAM})
    result = run(api, "logs", "Failed")
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_an_unknown_job_and_a_sample_without_jobs_are_wrong_usage() -> None:
    unknown = run(of_recording("Job.Failed"), "logs", "Failed", "--job", "merge")
    assert (unknown.exit_code, "has no job 'merge' in Batch; it has align." in unknown.stderr) == (2, True)
    none = run(of_recording("Task.Invalid"), "logs", "Invalid")
    assert (none.exit_code, "try `sluice explain Invalid`" in none.stderr) == (2, True)
