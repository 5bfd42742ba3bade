"""APIs are throttled and counted as on AWS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config

from sluice_local.quotas import Quota
from sluice_local.server import LocalAws, LocalAwsError
from sluice_local.settings import LocalSettings
from tests.support.building import refused

ONE_CALL = Quota(bucket_size=1, refill_per_second=0.001)
NO_RETRIES = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def throttled_aws() -> Iterator[LocalAws]:
    quotas = {
        "Batch.SubmitJob": ONE_CALL,
        "States.ListExecutions": ONE_CALL,
        "States.DescribeExecution": None,
    }
    with LocalAws(LocalSettings(quotas=quotas)) as aws:
        yield aws


def test_a_batch_call_above_its_quota_is_refused_with_429(throttled_aws: LocalAws) -> None:
    batch = throttled_aws.client("batch", NO_RETRIES)

    def submit() -> Any:
        return batch.submit_job(jobName="job", jobQueue="none", jobDefinition="none")

    assert refused(submit) == "ClientException"
    with pytest.raises(batch.exceptions.ClientError) as caught:
        submit()
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_step_functions_call_above_its_quota_is_a_throttling_exception(throttled_aws: LocalAws) -> None:
    states = throttled_aws.client("stepfunctions", NO_RETRIES)
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
    assert refused(lambda: states.list_executions(stateMachineArn=arn)) == "StateMachineDoesNotExist"
    assert refused(lambda: states.list_executions(stateMachineArn=arn)) == "ThrottlingException"


def test_calls_are_counted_by_api_and_second(throttled_aws: LocalAws) -> None:
    states = throttled_aws.client("stepfunctions", NO_RETRIES)
    arn = "arn:aws:states:us-east-1:000000000000:execution:none:none"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: refused(lambda: states.describe_execution(executionArn=arn)), range(350)))
    calls = throttled_aws.page("calls")["calls"]["States.DescribeExecution"]
    assert (calls["count"], calls["throttled"]) == (350, 0)
    assert sum(accepted for accepted, _ in calls["per_second"].values()) == 350


def test_a_taken_port_is_told_with_the_way_out(throttled_aws: LocalAws) -> None:
    port = int(throttled_aws.endpoint.rpartition(":")[2])
    with (
        pytest.raises(LocalAwsError, match=rf"Port {port} .*Choose another"),
        LocalAws(LocalSettings(port=port)),
    ):
        pass
