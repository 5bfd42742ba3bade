"""Why a sample failed."""

import json

from sluice_local.demo.failures import LOG_LINES_SHOWN, read_failure

CAUSE = {
    "job": "impute",
    "jobId": "1",
    "exitCode": 1,
    "reason": "Essential container in task exited",
    "logStreamName": "sluice-impute/default/1",
    "attempts": 1,
}


def no_log(_stream: str) -> list[str]:
    raise AssertionError("no job, no log")


def test_a_failed_job_is_named_with_its_exit_code_and_the_end_of_its_log() -> None:
    execution = {"status": "FAILED", "error": "Job.Failed", "cause": json.dumps(CAUSE)}
    logs = {"sluice-impute/default/1": [f"line {number}" for number in range(100)]}
    failure = read_failure("NA1", execution, logs.__getitem__)
    assert failure.reason == "job impute: Essential container in task exited (exit code 1)"
    assert failure.way_out == "The program itself ended with an error: its log says why."
    assert failure.log_tail == tuple(f"line {number}" for number in range(100 - LOG_LINES_SHOWN, 100))


def test_an_error_that_no_job_made_is_told_in_its_own_words() -> None:
    execution = {"status": "FAILED", "error": "States.Runtime", "cause": "The state is wrong."}
    failure = read_failure("NA1", execution, no_log)
    assert (failure.error, failure.reason, failure.log_tail) == ("States.Runtime", "The state is wrong.", ())
    assert "history" in failure.way_out


def test_an_execution_without_an_error_is_named_by_its_status() -> None:
    failure = read_failure("NA1", {"status": "ABORTED"}, no_log)
    assert (failure.error, failure.reason) == ("ABORTED", "no reason is given")


def test_a_cause_that_is_json_but_no_object_is_a_reason() -> None:
    assert read_failure("NA1", {"status": "FAILED", "cause": "42"}, no_log).reason == "42"


def test_a_log_that_is_gone_leaves_the_reason() -> None:
    execution = {"status": "FAILED", "error": "Job.Failed", "cause": json.dumps(CAUSE)}
    assert read_failure("NA1", execution, lambda _stream: []).log_tail == ()
