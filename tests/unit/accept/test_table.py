"""What a run's facts say of each assumption, and how they are shown."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from accept.assumptions import ALONE, ASSUMPTIONS, Assumption
from accept.errors import AcceptError
from accept.events import Event
from accept.judging import STOPPED
from accept.stack import find_stack
from accept.table import Row, Verdict, document, markdown
from sluice.tasks import completer

BY_NAME = {each.name: each for each in ASSUMPTIONS}
ARRAY = {
    "parentStatus": "FAILED",
    "parentReason": "Array Child Job failed",
    "childrenEnded": 4,
    "childrenFailed": 1,
    "parentEndsAfterLastChild": True,
    "parentArray": {"size": 4},
    "childArray": {"index": 0},
}
BOUNDED = {
    "byName": "SUCCEEDED",
    "theirs": "FAILED",
    "error": "Task.Rejected",
    "everyDefinitionIsAllowed": False,
}
LITERAL = {"arrivedAsWritten": True, "exitCode": 0, "keptInDescription": True, "keptInEvent": True}
NAMES = {
    "started": 20,
    "notFoundAtOnce": 1,
    "mostSecondsUntilFound": 0.4,
    "whileItRuns": "ExecutionAlreadyExists",
    "afterItsEnd": "ExecutionAlreadyExists",
}
TOKENS = {
    "emptyPollSeconds": 60.1,
    "isAws": True,
    "usedAgain": "TaskTimedOut",
    "heartbeatAfterwards": "TaskDoesNotExist",
}
IAM = {"newRoleSeconds": 9.0, "isEnforced": True, "permissionSeconds": 12.0, "withdrawalSeconds": 30.0}
LAUNCHES = {"tasks": 200, "secondsFromFirstToLast": 20.0, "perSecond": 10.0}
COHORT = {
    "samples": 300,
    "endedWhenDeploymentBegan": 100,
    "deployment": "UPDATE_COMPLETE",
    "counts": {"SUCCEEDED": 300},
    "seconds": 90.0,
}
SHARED = {
    "tasks": 9,
    "children": 8,
    "failed": [3, 3, 3],
    "stoppedAlone": 3,
    "lastingMeanwhile": 3,
    "lasted": ["SUCCEEDED"] * 3,
    "withParameters": 8,
    "withIndex": 8,
}
THROTTLED = {"calls": 200, "seconds": 0.5, "answers": {"TooManyRequestsException 429": 150}}
HOLDS, DIFFERS, OPEN = Verdict.HOLDS, Verdict.DIFFERS, Verdict.OPEN


def failed(error: str, **more: Any) -> dict[str, Any]:
    return {"status": "FAILED", "error": error, **more}


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("doctor", {"wrong": 0, "findings": []}, HOLDS),
        ("doctor", {"wrong": 1, "findings": ["wrong: no rule"]}, DIFFERS),
        ("dependency", {"status": "SUCCEEDED", "secondStartedMsAfterFirstStopped": 900}, HOLDS),
        ("dependency", {"status": "SUCCEEDED", "secondStartedMsAfterFirstStopped": -1}, DIFFERS),
        ("dependency", {"status": "FAILED", "error": "Task.Rejected"}, DIFFERS),
        ("job definitions", BOUNDED, HOLDS),
        ("job definitions", {**BOUNDED, "byName": "FAILED"}, DIFFERS),
        ("job definitions", {**BOUNDED, "theirs": "SUCCEEDED", "error": None}, DIFFERS),
        ("job definitions", {**BOUNDED, "everyDefinitionIsAllowed": True}, OPEN),
        ("failure", failed("Job.Failed", exitCode=3), HOLDS),
        ("failure", failed("Job.Failed"), DIFFERS),
        ("timeout", failed("Job.TimedOut"), HOLDS),
        ("timeout", failed("Job.Failed", reason="took too long"), DIFFERS),
        ("out of memory", failed("Job.OutOfMemory"), HOLDS),
        ("out of memory", failed("Job.Failed", exitCode=137), DIFFERS),
        ("image", failed("Job.ImagePull"), HOLDS),
        ("image", failed("Job.NotStarted"), DIFFERS),
        ("image", {"status": "SUCCEEDED", "error": None}, OPEN),
        ("parameters", LITERAL, HOLDS),
        ("parameters", {**LITERAL, "keptInEvent": False}, DIFFERS),
        ("literal reference", LITERAL, HOLDS),
        ("literal reference", {**LITERAL, "arrivedAsWritten": False}, DIFFERS),
        ("array", ARRAY, HOLDS),
        ("array", {**ARRAY, "parentEndsAfterLastChild": False}, DIFFERS),
        ("array in a task", failed("Job.Failed"), HOLDS),
        ("array in a task", {"status": "SUCCEEDED", "error": None}, DIFFERS),
        ("shared array", SHARED, HOLDS),
        ("shared array", {**SHARED, "withParameters": 0}, DIFFERS),
        ("shared array", {**SHARED, "withIndex": 7}, DIFFERS),
        ("shared array", {**SHARED, "children": 0}, OPEN),
        ("shared array", {"refused": "none of the stack's queues runs on EC2"}, OPEN),
        ("child's end", SHARED, HOLDS),
        ("child's end", {**SHARED, "lasted": ["SUCCEEDED", "FAILED", "SUCCEEDED"]}, DIFFERS),
        ("child's end", {**SHARED, "failed": [3, 3, "SUCCEEDED"]}, DIFFERS),
        ("child's end", {**SHARED, "stoppedAlone": 0}, DIFFERS),
        ("child's end", {**SHARED, "lastingMeanwhile": 0}, OPEN),
        ("child's end", {"refused": "none of the stack's queues runs on EC2"}, OPEN),
        ("several containers", {"exitCodes": {"helper": 0, "main": 4}}, HOLDS),
        ("several containers", {"exitCodes": {}}, DIFFERS),
        ("several containers", {"refused": "Local AWS runs none"}, OPEN),
        ("stop", {"status": "FAILED", "reason": STOPPED, "reasonInEvent": STOPPED}, HOLDS),
        ("stop", {"status": "FAILED", "reason": STOPPED, "reasonInEvent": None}, DIFFERS),
        ("stop", {"status": "FAILED", "reason": None, "reasonInEvent": None}, DIFFERS),
        ("listing", {"jobs": 5, "mostSeconds": 3.0}, HOLDS),
        ("listing", {"jobs": 5, "mostSeconds": 300.0}, DIFFERS),
        ("names", NAMES, HOLDS),
        ("names", {**NAMES, "afterItsEnd": None}, DIFFERS),
        ("description", NAMES, HOLDS),
        ("description", {**NAMES, "mostSecondsUntilFound": 61.0}, DIFFERS),
        ("tokens", TOKENS, HOLDS),
        ("tokens", {**TOKENS, "usedAgain": None}, DIFFERS),
        ("empty poll", TOKENS, HOLDS),
        ("empty poll", {**TOKENS, "emptyPollSeconds": 75.0}, DIFFERS),
        ("empty poll", {**TOKENS, "emptyPollSeconds": 0.1}, DIFFERS),
        ("empty poll", {**TOKENS, "emptyPollSeconds": 2.0, "isAws": False}, OPEN),
        ("permissions", IAM, HOLDS),
        ("permissions", {**IAM, "permissionSeconds": 130.0}, DIFFERS),
        ("permissions", {"newRoleSeconds": 0.1, "isEnforced": False}, OPEN),
        ("launches", LAUNCHES, HOLDS),
        ("launches", {**LAUNCHES, "secondsFromFirstToLast": 66.0}, DIFFERS),
        ("launches", {**LAUNCHES, "secondsFromFirstToLast": 2.0}, DIFFERS),
        ("launches", {**LAUNCHES, "tasks": 20}, OPEN),
        ("throttling", THROTTLED, HOLDS),
        ("throttling", {**THROTTLED, "answers": {"ClientException 400": 200}}, DIFFERS),
        ("throttling", {**THROTTLED, "answers": {"ClientException 400": 200}, "seconds": 9.0}, OPEN),
        ("cohort", COHORT, HOLDS),
        ("cohort", {**COHORT, "counts": {"SUCCEEDED": 299, "FAILED": 1}}, DIFFERS),
        ("cohort", {**COHORT, "endedWhenDeploymentBegan": 300}, OPEN),
        ("delay", {"events": 500, "p50Ms": 900, "p99Ms": 4000, "mostMs": 5000}, HOLDS),
        ("delay", {"events": 1, "p50Ms": None, "p99Ms": None, "mostMs": None}, OPEN),
        ("delay", {"events": 500, "p50Ms": 900, "p99Ms": 90_000, "mostMs": 99_000}, DIFFERS),
    ],
)
def test_facts_are_judged(name: str, facts: dict[str, Any], verdict: Verdict) -> None:
    row = Row(BY_NAME[name], facts)
    assert row.verdict is verdict
    assert row.seen


def test_every_assumption_has_a_name_of_its_own_and_the_last_ones_are_among_them() -> None:
    assert len(BY_NAME) == len(ASSUMPTIONS)
    assert set(ALONE) <= BY_NAME.keys()


def test_what_could_not_be_tried_is_open_and_says_why() -> None:
    never = Row(BY_NAME["memory of Batch"])
    broken = Row(BY_NAME["stop"], None, "TooLateError: no running job within 600 s")
    assert (never.verdict, broken.verdict) == (OPEN, OPEN)
    assert "minutes" in never.seen
    assert broken.seen.startswith("TooLateError")


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda each: each.name)
@pytest.mark.parametrize("facts", [{}, {"status": None, "exitCodes": [], "answers": 3, "counts": []}])
def test_facts_that_nobody_expected_lose_no_table(assumption: Assumption, facts: dict[str, Any]) -> None:
    row = Row(assumption, facts)
    assert row.assumption.name in markdown([row], is_real=True)
    (told,) = document([row], {})["assumptions"]
    assert told["facts"] == facts


def test_facts_that_say_nothing_are_open_and_shown() -> None:
    row = Row(BY_NAME["cohort"], {"samples": 3})
    assert row.verdict is OPEN
    assert row.seen.startswith("KeyError: 'counts'")
    assert "samples 3" in row.seen


def stack(**outputs: str) -> Any:
    """An AWS with one stack, as far as it is asked."""
    described = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    client = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Outputs": described}]})
    return SimpleNamespace(client=lambda _: client, account="1", region="r")


def test_a_stack_that_lacks_what_a_run_needs_is_told_before_anything_is_made() -> None:
    with pytest.raises(AcceptError, match=r"has no output AlignJobDefinitionArn: .* published template"):
        find_stack(stack(ActivityArn="a", JobQueueArn="q"), "sluice")
    with pytest.raises(AcceptError, match="not a Sluice stack"):
        find_stack(stack(JobQueueArn="q"), "sluice")
    found = find_stack(stack(ActivityArn="a", JobQueueArn="q", AlignJobDefinitionArn="d"), "sluice")
    assert found.outputs["AlignJobDefinitionArn"] == "d"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"q": ["FARGATE_SPOT", "FARGATE"]}, None),
        ({"q": ["FARGATE"], "r": ["EC2"], "s": ["EC2"]}, "r"),
        ({"q": ["FARGATE"], "r": [""]}, "r"),  # unmanaged
    ],
)
def test_the_first_queue_that_runs_on_instances_alone_is_found(
    kinds: dict[str, list[str]], expected: str | None
) -> None:
    aws = stack(ActivityArn="a", JobQueueArn="q", AlignJobDefinitionArn="d")
    client = aws.client("cloudformation")
    (described,) = client.describe_stacks()["Stacks"]
    described["Parameters"] = [{"ParameterKey": "JobQueueArns", "ParameterValue": ",".join(kinds)}]
    client.describe_stacks = lambda **_: {"Stacks": [described]}
    client.describe_job_queues = lambda jobQueues: {  # noqa: N803 - Batch's name
        "jobQueues": [
            {"jobQueueArn": arn, "computeEnvironmentOrder": [{"computeEnvironment": arn}]}
            for arn in reversed(jobQueues)
        ]
    }
    client.describe_compute_environments = lambda computeEnvironments: {  # noqa: N803 - Batch's name
        "computeEnvironments": [
            {"computeResources": {"type": kind} if kind else {}}
            for arn in computeEnvironments
            for kind in kinds[arn]
        ]
    }
    found = find_stack(aws, "sluice")
    assert found.instances_queue == expected
    assert found.queues == ["q", *([expected] if expected else [])]


def test_the_reason_of_a_stopped_workflow_s_job_is_the_one_that_sluice_gives() -> None:
    assert f'"{STOPPED.removeprefix("Sluice: ")}"' in inspect.getsource(completer)


def test_the_table_has_a_row_each_and_says_whether_it_was_aws() -> None:
    rows = [
        Row(Assumption("pipes", "a | b", "c", None), {"seen": "x | y"}),
        Row(BY_NAME["doctor"], {"wrong": 0, "findings": []}),
    ]
    table = markdown(rows, is_real=True)
    assert "what AWS did" in table.splitlines()[0]
    assert "| pipes | seen x \\| y | c | a \\| b | not measured |" in table
    assert len(table.splitlines()) == 4
    assert "what this Local AWS did" in markdown(rows, is_real=False)


def test_the_document_keeps_every_fact() -> None:
    found = document([Row(BY_NAME["tokens"], TOKENS)], {"isAws": True})
    assert found["isAws"] is True
    (row,) = found["assumptions"]
    assert (row["name"], row["verdict"], row["facts"]) == ("tokens", "HOLDS", TOKENS)


def test_an_event_s_delay_is_counted_from_the_job_s_end_only() -> None:
    assert Event(5_000, {"status": "SUCCEEDED", "stoppedAt": 4_200}).delay_ms == 800
    assert Event(5_000, {"status": "RUNNING", "startedAt": 4_200}).delay_ms is None
    assert Event(5_000, {"status": "RUNNABLE", "stoppedAt": 4_200}).delay_ms is None
