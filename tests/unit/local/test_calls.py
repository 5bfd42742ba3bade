"""Requests are named by the API that they call, and counted by the second."""

import pytest

from sluice_local.calls import ApiGate, api_name
from sluice_local.quotas import Quota

BATCH = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/batch/aws4_request, Signature=0"
}
LAMBDA = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, Signature=0"
}
S3 = {"authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, Signature=0"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "name"),
    [
        ("POST", "/", {"x-amz-target": "AWSStepFunctions.GetActivityTask"}, "States.GetActivityTask"),
        ("POST", "/", {"x-amz-target": "DynamoDB_20120810.UpdateItem"}, "DynamoDB.UpdateItem"),
        ("POST", "/", {"x-amz-target": "Other_20200101.Do"}, "Other_20200101.Do"),
        ("POST", "/v1/submitjob", BATCH, "Batch.SubmitJob"),
        ("POST", "/v1/submitjob", {}, "Batch.SubmitJob"),
        ("POST", "/v1/describejobs", BATCH, "Batch.DescribeJobs"),
        ("POST", "/2015-03-31/functions/submit/invocations", LAMBDA, "Lambda.Invoke"),
        ("PUT", "/bucket/key", S3, "s3.PUT"),
    ],
)
def test_a_request_is_named_by_its_target_path_or_credential(
    method: str, path: str, headers: dict[str, str], name: str
) -> None:
    assert api_name(method, path, headers) == name


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_gate_throttles_above_the_quota_and_counts_both_by_second() -> None:
    clock = Clock()
    gate = ApiGate({"Batch.SubmitJob": Quota(2, 1)}, monotonic=clock, wall=clock)
    first = [gate.admit("Batch.SubmitJob") for _ in range(3)]
    clock.now += 1
    second = [gate.admit("Batch.SubmitJob") for _ in range(2)]
    assert (first, second) == ([True, True, False], [True, False])
    assert gate.report() == {
        "calls": {
            "Batch.SubmitJob": {"count": 5, "throttled": 2, "per_second": {"1000": [2, 1], "1001": [1, 1]}}
        }
    }


def test_an_api_without_a_quota_is_counted_only() -> None:
    gate = ApiGate({}, monotonic=Clock(), wall=Clock())
    assert all(gate.admit("DynamoDB.PutItem") for _ in range(100))
    assert gate.report()["calls"]["DynamoDB.PutItem"]["count"] == 100


def test_the_gate_tells_of_an_api_s_last_seconds_with_the_sums_of_all() -> None:
    clock = Clock()
    gate = ApiGate({"Batch.SubmitJob": Quota(1, 1)}, monotonic=clock, wall=clock)
    for _ in range(3):
        gate.admit("Batch.SubmitJob")
        gate.admit("Batch.SubmitJob")
        clock.now += 1
    found = gate.recent("Batch.SubmitJob", 1001)
    assert (found.count, found.throttled, found.per_second) == (6, 3, {1001: [1, 1], 1002: [1, 1]})
    assert gate.recent("Batch.ListJobs", 0).count == 0
