"""`sluice` against a deployed stack on Local AWS: what people will see."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sluice_cli.app import app
from tests.e2e.cli.mishaps import STARTS
from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.cli.mishaps import Mishaps
    from tests.e2e.stack.stack import Stack


def sluice(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the program as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "sluice_cli", *arguments],
        env={"PATH": "/usr/bin", **stack.aws.environment()},
        capture_output=True,
        text=True,
        check=False,
    )


def explanation_of(stack: Stack, arn: str) -> dict[str, Any]:
    """What `explain` says, in this process, which is quicker."""
    ended = CliRunner().invoke(app, ["explain", arn, "--json"], env=stack.aws.environment())
    assert ended.exit_code == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.mark.parametrize("name", STARTS)
def test_explain_tells_the_cause_of_what_really_happened(
    stack: Stack, mishaps: Mishaps, started: Mapping[str, str], name: str
) -> None:
    ended = mishaps.ended(started[name])
    explained = explanation_of(stack, started[name])
    if name == "SUCCEEDED":
        assert explained["headline"].startswith("NA06989 succeeded")
    elif "." in name:
        assert explained["error"] == name
        assert explained["headline"].startswith("NA06989 failed: ")
    assert explained["execution"]["status"] == ended["status"]
    assert explained["steps"][0]["says"] == "the execution started"
    assert not [token for token in stack.tokens() if token in json.dumps(explained)]


def test_logs_prints_what_the_failed_job_printed(
    stack: Stack, mishaps: Mishaps, started: Mapping[str, str]
) -> None:
    arn = started["Job.Failed"]
    mishaps.ended(arn)
    ended = eventually(lambda: _with_output(sluice(stack, "logs", arn)))
    assert ended.stdout == "reading the reads\nno such file\n"
    assert ended.stderr.startswith("NA06989, job align (FAILED): /aws/batch/job cli-align/default/")


def _with_output(ended: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str] | None:
    return ended if ended.stdout else None


def test_follow_ends_with_the_job_and_has_its_last_line(stack: Stack, mishaps: Mishaps) -> None:
    arn = mishaps.execution("follow", mishaps.job("talker", "echo one; sleep 3; echo two"))
    stack.submitted(arn, "talker")
    ended = sluice(stack, "logs", arn, "--follow")
    assert (ended.returncode, ended.stdout) == (0, "one\ntwo\n")


def test_the_workflow_s_jobs_log_to_the_stack_s_own_group(stack: Stack) -> None:
    workflow = stack.outputs["WorkflowArn"]
    fields = ("reads", "reference", "panel", "geneticMap", "output")
    sample = {name: f"s3://nowhere/{name}" for name in fields}
    stack.states.start_execution(
        stateMachineArn=workflow, name="logs.1.NA07000", input=json.dumps({"sample": "NA07000", **sample})
    )
    asked = ("logs", "NA07000", "--cohort", "logs", "--follow")
    ended = eventually(lambda: _with_output(sluice(stack, *asked)), within_seconds=60)
    assert "/sluice/sluice/jobs align/default/" in ended.stderr


def test_doctor_finds_a_working_stack_fine_and_says_what_it_looked_at(stack: Stack) -> None:
    ended = sluice(stack, "doctor", "--json")
    found = json.loads(ended.stdout)
    looked_at = {each["check"] for each in found["findings"]}
    assert {"credentials", "clock", "stack", "pollers", "reconciler", "dead letters", "routes"} <= looked_at
    assert {"functions", "alarms", "job queue", "compute environment", "job definition", "image"} <= looked_at
    assert [each for each in found["findings"] if each["level"] == "wrong"] == []
    assert ended.returncode == 0


def test_doctor_finds_a_queue_that_somebody_switched_off(stack: Stack) -> None:
    queue = stack.outputs["JobQueueArn"]
    stack.batch.update_job_queue(jobQueue=queue, state="DISABLED")
    try:
        ended = sluice(stack, "doctor")
    finally:
        stack.batch.update_job_queue(jobQueue=queue, state="ENABLED")
    assert ended.returncode == 1
    assert "is DISABLED" in ended.stdout


def test_a_stack_of_another_name_is_refused_with_the_name_of_the_right_one(stack: Stack) -> None:
    ended = sluice(stack, "explain", "NA06989", "--stack", "slice")
    assert ended.returncode == 3
    assert "Sluice stacks here: sluice." in ended.stderr


def test_redrive_sends_back_what_eventbridge_itself_could_not_deliver(stack: Stack) -> None:
    sqs, names = stack.aws.client("sqs"), ("JobEventsDeadLetters", "WakeUpsDeadLetters")
    letters = {name: stack.physical(name) for name in names}
    for url in letters.values():
        sqs.send_message(QueueUrl=url, MessageBody='{"source": "aws.batch", "detail": {}}')
    assert json.loads(sluice(stack, "redrive", "--dry-run", "--json").stdout)["dryRun"] is True
    ended = sluice(stack, "redrive", "--json")
    moved = {each["queue"]: each["moved"] for each in json.loads(ended.stdout)["queues"]}
    assert (ended.returncode, moved[names[0]], moved[names[1]]) == (0, 1, 1), ended.stderr
    assert sluice(stack, "redrive", *names).stdout == "".join(f"{name}: empty\n" for name in names)
