"""`sluice explain` on an AWS of recorded executions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sluice.cohorts.model import Cohort, ExecutionName, Sample, SampleStatus
from sluice_cli.aws.executions import describe_execution
from sluice_cli.errors import AwsError
from sluice_cli.explain.history import Nested
from sluice_cli.explain.reading import executions_inside
from tests.functional.cli.fakes import (
    NOW,
    FakeApi,
    denied,
    described_stack,
    document,
    job_id,
    keyed,
    of_execution,
    of_recording,
    run,
    still_running,
    with_cohorts,
)
from tests.support.cohort_fakes import MemoryCohortStore
from tests.support.fakes import MemoryTaskStore
from tests.unit.cli.recordings import NAMES, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice.tasks.model import TaskRecord

MISSING = AwsError("It said ValidationError: Stack with id x does not exist", "ValidationError")


def test_the_first_line_has_the_cause_and_what_follows_the_way_out() -> None:
    result = run(of_recording("Job.OutOfMemory"), "explain", "OutOfMemory")
    first, *others = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first.startswith(
        "NA06989 failed: job align was killed, perhaps for its memory (Essential container"
    )
    assert others[0].endswith("its log may end abruptly: sluice logs OutOfMemory")
    assert others[1] == "  - Give the job more memory: MEMORY in its resourceRequirements."
    assert any("job align was submitted to Batch as" in line for line in others)


def test_json_has_the_same_story_for_programs() -> None:
    found = document(run(of_recording("Job.Failed"), "explain", "Failed", "--cohort", "trio", "--json"))
    assert (found["error"], found["job"]) == ("Job.Failed", "align")
    assert found["advice"][0] == "Read what the job printed: sluice logs Failed --cohort trio"
    assert found["steps"][0]["says"] == "the execution started"
    assert found["execution"]["status"] == "FAILED"


@pytest.mark.parametrize("name", NAMES)
def test_no_task_token_is_ever_shown(name: str) -> None:
    arn = f"arn:aws:states:us-east-1:000000000000:execution:cli:{name}"
    for more in ((), ("--json",)):
        result = run(of_recording(name), "explain", arn, *more)
        assert result.exit_code == 0, result.output
        assert "secret-token" not in result.output


def test_a_running_job_s_state_is_batch_s_own() -> None:
    found = still_running("Job.Failed")
    status = {"jobId": job_id(found, "align"), "status": "RUNNABLE", "statusReason": "no room"}
    api = of_execution(found, **{"batch.describe_jobs": {"jobs": [status]}})
    first = run(api, "explain", "Failed").stdout.splitlines()[0]
    assert first.startswith("NA06989 has been running for")
    assert first.endswith("in state Align, job align is RUNNABLE (no room).")


def test_a_job_that_cannot_be_submitted_is_told_of_with_the_last_answer() -> None:
    found = still_running("Job.Failed")
    item = found.items[0]
    del item["jobs"]["M"]["align"]["M"]["jobId"]
    created_ms = int(item["createdAt"]["N"])
    item |= {
        "failingJob": {"S": "align"},
        "submitFailures": {"N": "3"},
        "failingSince": {"N": str(created_ms)},
        "lastAnswer": {"S": "An error occurred (500) when calling the SubmitJob operation: no whole number."},
    }
    first = run(of_execution(found), "explain", "Failed").stdout.splitlines()[0]
    assert "in state Align, SubmitJob failed 3 times in" in first
    assert first.endswith("for job align, most recently with: no whole number.")


def test_brackets_in_what_others_wrote_are_shown_as_they_are() -> None:
    found = recorded("Job.Failed")
    job = found.items[0]["jobs"]["M"]["align"]["M"]
    job["reason"] = {"S": "reads[0] [/red] [bold]x"}
    result = run(of_execution(found), "explain", "Failed")
    assert result.exit_code == 0
    assert "with Job.Failed: reads[0] [/red] [bold]x" in result.stdout


def test_an_unknown_sample_is_wrong_usage_and_says_where_was_searched() -> None:
    result = run(of_recording("Job.Failed"), "explain", "NA00000")
    assert result.exit_code == 2
    assert "No cohort of stack sluice has a sample 'NA00000', nor has its workflow workflow" in result.stderr
    result = run(in_cohorts(), "explain", "NA00000", "--cohort", "trio")
    assert (result.exit_code, result.stderr) == (
        2,
        "Cohort trio has no sample 'NA00000' that was started: `sluice samples trio` lists them.\n",
    )
    result = run(in_cohorts(), "logs", "NA06989", "--cohort", "duo")
    assert (result.exit_code, "has no cohort 'duo': `sluice status` lists" in result.stderr) == (2, True)


def test_an_unknown_arn_is_wrong_usage() -> None:
    gone = AwsError("It said ExecutionDoesNotExist: no", "ExecutionDoesNotExist")
    api = of_recording("Job.Failed", **{"stepfunctions.describe_execution": gone})
    result = run(api, "explain", "arn:aws:states:us-east-1:000000000000:execution:w:x")
    assert (result.exit_code, "check the ARN" in result.stderr) == (2, True)


def test_without_the_stack_those_that_look_like_sluice_s_are_named() -> None:
    def stacks(**arguments: str) -> AwsError | dict[str, list[dict[str, str]]]:
        return MISSING if arguments else described_stack()

    result = run(
        FakeApi(keyed({"cloudformation.describe_stacks": stacks})), "explain", "x", "--stack", "slice"
    )
    assert result.exit_code == 3
    assert result.stderr.startswith("There is no stack 'slice' in us-east-1. Sluice stacks here: sluice.")


def test_where_there_is_none_at_all_the_way_out_is_another_region_or_a_deployment() -> None:
    def stacks(**arguments: str) -> AwsError | dict[str, list[dict[str, str]]]:
        return MISSING if arguments else {"Stacks": []}

    result = run(FakeApi(keyed({"cloudformation.describe_stacks": stacks})), "explain", "x")
    assert (result.exit_code, "--region or --profile" in result.stderr) == (3, True)


def test_a_stack_of_somebody_else_is_not_taken() -> None:
    other = described_stack(Outputs=[{"OutputKey": "Url", "OutputValue": "u"}])
    result = run(FakeApi(keyed({"cloudformation.describe_stacks": other})), "explain", "x")
    assert (result.exit_code, "is not a Sluice stack" in result.stderr) == (3, True)


def test_what_aws_refuses_ends_with_its_words_and_no_traceback() -> None:
    class Denied(MemoryTaskStore):
        """A table that may not be read."""

        def history(self, execution_arns: Sequence[str]) -> list[TaskRecord]:
            assert execution_arns
            raise denied("Query")

    api = replace(of_recording("Job.Failed"), task_table=Denied())
    result = run(api, "explain", "Failed")
    assert result.exit_code == 3
    assert result.stderr == "AWS refused Query. It said AccessDenied: not allowed\n"


WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:of-my-own"


def in_cohorts(*, attempt: int = 2) -> FakeApi:
    """An AWS in which two cohorts of a workflow that is not the stack's have the sample."""
    names = {"old": 1_000, "trio": 2_000}
    cohorts = {name: Cohort(name, WORKFLOW, "0", 1, at_ms, at_ms) for name, at_ms in names.items()}
    samples = {
        (name, "NA06989"): Sample(
            name,
            "NA06989",
            attempt,
            ExecutionName(name, attempt, "NA06989").arn(WORKFLOW),
            SampleStatus.FAILED,
            "{}",
            at_ms,
            at_ms,
        )
        for name, at_ms in names.items()
    }
    of_trio = of_recording("Job.Failed", **{"cloudformation.describe_stacks": with_cohorts()})
    return replace(of_trio, cohort_table=MemoryCohortStore(cohorts, samples))


@pytest.mark.parametrize(
    ("asked", "execution"),
    [
        (("NA06989",), "trio.2.NA06989"),
        (("NA06989", "--cohort", "old"), "old.2.NA06989"),
        (("NA06989", "--attempt", "1"), "trio.1.NA06989"),
        (("old.1.NA06989",), "old.1.NA06989"),
    ],
)
def test_a_sample_is_found_through_the_cohorts_whatever_their_workflow(
    asked: tuple[str, ...], execution: str
) -> None:
    api = in_cohorts()
    result = run(api, "explain", *asked)
    assert result.exit_code == 0, result.output
    described = [arguments for _, operation, arguments in api.calls if operation == "describe_execution"]
    assert described == [{"executionArn": f"{WORKFLOW.replace('stateMachine', 'execution')}:{execution}"}]


def test_the_log_that_is_advised_is_the_same_attempt_s() -> None:
    found = document(run(in_cohorts(), "explain", "NA06989", "--cohort", "trio", "--attempt", "1", "--json"))
    (logs,) = [each for each in found["advice"] if "sluice logs" in each]
    assert "sluice logs NA06989 --cohort trio --attempt 1" in logs


def test_the_logs_are_those_of_the_same_attempt() -> None:
    api = in_cohorts()
    run(api, "logs", "NA06989", "--attempt", "1")
    described = [arguments for _, operation, arguments in api.calls if operation == "describe_execution"]
    assert described[0]["executionArn"].endswith(":trio.1.NA06989")


def test_a_child_of_a_map_run_that_cannot_be_read_hides_no_other() -> None:
    def describe(executionArn: str) -> Any:  # noqa: N803 - boto3's
        if executionArn.endswith(":1"):
            return AwsError("It said ThrottlingException: slow down", "ThrottlingException")
        return {"executionArn": executionArn, "name": executionArn[-1], "status": "FAILED", "startDate": NOW}

    def list_executions(statusFilter: str, **_: Any) -> Any:  # noqa: N803 - boto3's
        return {"executions": [{"executionArn": f"arn:{n}"} for n in range(3) if statusFilter == "FAILED"]}

    answers = {"stepfunctions.describe_execution": describe, "stepfunctions.list_executions": list_executions}
    api = FakeApi(keyed(answers))
    parent = describe_execution(api, "arn:0", "whatever")
    map_run = Nested("arn:aws:states:us-east-1:0:mapRun:m/n:1", "Each", is_map_run=True)
    assert [each.name for each in executions_inside(api, parent, map_run)] == ["0", "2"]


def test_an_attempt_that_there_was_not_is_refused_with_those_that_there_were() -> None:
    result = run(in_cohorts(), "explain", "NA06989", "--attempt", "3")
    assert result.exit_code == 2
    assert "--attempt is 3; sample NA06989 of cohort trio has had 2 so far." in result.stderr


def test_a_sample_that_never_started_is_told_of_as_such() -> None:
    api = in_cohorts()
    table = api.cohort_table
    assert isinstance(table, MemoryCohortStore)
    table.items["trio", "NA06989"] = replace(table.items["trio", "NA06989"], error="Sample.NotStarted")
    gone = AwsError("It said ExecutionDoesNotExist: no", "ExecutionDoesNotExist")
    api.answers |= keyed({"stepfunctions.describe_execution": gone})
    result = run(api, "explain", "NA06989")
    assert result.exit_code == 2
    assert (
        "sample NA06989 of cohort trio, which ended with Sample.NotStarted: it never began" in result.stderr
    )


def test_an_attempt_of_what_is_no_sample_of_a_cohort_is_refused() -> None:
    result = run(of_recording("Job.Failed"), "explain", "Failed", "--attempt", "1")
    assert (result.exit_code, "No cohort has a sample 'Failed'" in result.stderr) == (2, True)
