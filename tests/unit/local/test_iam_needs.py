"""A call needs the actions and resources that AWS's service authorization reference names."""

from typing import Any

import pytest

from sluice_local.batch.model import Scope
from sluice_local.engine.iam.needs import Need, batch_needs, denial_error, state_needs

SCOPE = Scope("123456789012", "eu-west-1")
BATCH = "arn:aws:batch:eu-west-1:123456789012"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:align"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:poller"


def test_a_submission_acts_on_its_queue_and_on_its_definition() -> None:
    request = {"jobName": "one", "jobQueue": f"{BATCH}:job-queue/spot", "jobDefinition": "align:3"}
    assert batch_needs("SubmitJob", request, SCOPE) == (
        Need("batch:SubmitJob", f"{BATCH}:job-queue/spot"),
        Need("batch:SubmitJob", f"{BATCH}:job-definition/align:3"),
    )


def test_a_submission_with_tags_needs_to_tag_the_job_and_its_definition() -> None:
    request = {"jobQueue": "spot", "jobDefinition": "align", "tags": {"project": "x"}}
    assert batch_needs("SubmitJob", request, SCOPE)[2:] == (
        Need("batch:TagResource", f"{BATCH}:job-definition/align"),
        Need("batch:TagResource", f"{BATCH}:job/*"),
    )


@pytest.mark.parametrize("operation", ["TerminateJob", "CancelJob"])
def test_ending_a_job_acts_on_the_job(operation: str) -> None:
    assert batch_needs(operation, {"jobId": "abc"}, SCOPE) == (
        Need(f"batch:{operation}", f"{BATCH}:job/abc"),
    )


@pytest.mark.parametrize("operation", ["TerminateJob", "CancelJob"])
def test_ending_many_jobs_needs_the_single_call_s_permission_for_each(operation: str) -> None:
    assert batch_needs(f"{operation}s", {"jobs": ["a", "b:1"]}, SCOPE) == (
        Need(f"batch:{operation}", f"{BATCH}:job/a"),
        Need(f"batch:{operation}", f"{BATCH}:job/b:1"),
    )


@pytest.mark.parametrize("operation", ["ListJobs", "DescribeJobs"])
def test_what_knows_no_resource_is_asked_for_on_everything(operation: str) -> None:
    assert batch_needs(operation, {}, SCOPE) == (Need(f"batch:{operation}", "*"),)


@pytest.mark.parametrize(
    ("resource", "arguments", "need"),
    [
        (FUNCTION, {}, Need("lambda:InvokeFunction", FUNCTION)),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            {"FunctionName": "align"},
            Need("lambda:InvokeFunction", FUNCTION),
        ),
        (
            "arn:aws:states:::aws-sdk:sfn:startExecution",
            {"StateMachineArn": MACHINE},
            Need("states:StartExecution", MACHINE),
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            {"StateMachineArn": MACHINE},
            Need("states:StartExecution", MACHINE),
        ),
        (
            "arn:aws:states:::dynamodb:putItem",
            {"TableName": "runs"},
            Need("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/runs"),
        ),
        ("arn:aws:states:::aws-sdk:batch:describeJobs", {"Jobs": ["a"]}, Need("batch:DescribeJobs", "*")),
        ("arn:aws:states:::aws-sdk:sns:publish", {}, Need("sns:Publish", "*")),
    ],
)
def test_a_state_needs_what_it_calls(resource: str, arguments: dict[str, Any], need: Need) -> None:
    assert state_needs(resource, arguments, SCOPE) == (need,)


def test_a_state_that_submits_a_job_needs_what_the_request_needs() -> None:
    arguments = {"JobQueue": "spot", "JobDefinition": "align"}
    needs = state_needs("arn:aws:states:::batch:submitJob.sync", arguments, SCOPE)
    assert needs == batch_needs("SubmitJob", {"jobQueue": "spot", "jobDefinition": "align"}, SCOPE)


def test_an_activity_needs_no_permission() -> None:
    assert state_needs("arn:aws:states:eu-west-1:123456789012:activity:submit", {}, SCOPE) == ()


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        (FUNCTION, "Lambda.AWSLambdaException"),
        ("arn:aws:states:::lambda:invoke", "Lambda.AWSLambdaException"),
        ("arn:aws:states:::aws-sdk:sfn:startExecution", "Sfn.SfnException"),
        ("arn:aws:states:::batch:submitJob.sync", "Batch.AWSBatchException"),
        ("arn:aws:states:::aws-sdk:batch:submitJob", "Batch.BatchException"),
    ],
)
def test_a_refusal_is_the_service_s_own_error(resource: str, error: str) -> None:
    assert denial_error(resource) == error
