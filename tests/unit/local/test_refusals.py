"""Each service has its own words for a throttled call and for a failure of its own."""

import pytest

from sluice_local.engine.http.refusals import server_error, throttling


@pytest.mark.parametrize("api", ["Batch.SubmitJob", "Lambda.Invoke"])
def test_services_that_speak_rest_name_the_error_in_a_header(api: str) -> None:
    assert (throttling(api).status, dict(throttling(api).headers)) == (
        429,
        {b"x-amzn-errortype": b"TooManyRequestsException"},
    )
    assert server_error(api).status == 500
    assert dict(server_error(api).headers)[b"x-amzn-errortype"].startswith(b"Ser")


@pytest.mark.parametrize(
    ("api", "throttled", "failed"),
    [
        ("DynamoDB.PutItem", "ProvisionedThroughputExceededException", "InternalServerError"),
        ("States.SendTaskSuccess", "ThrottlingException", "InternalFailure"),
        ("SQS.SendMessage", "ThrottlingException", "InternalFailure"),
    ],
)
def test_services_that_speak_json_name_it_in_the_answer(api: str, throttled: str, failed: str) -> None:
    assert throttling(api).status == 400
    assert throttling(api).payload["__type"].rpartition("#")[2] == throttled
    assert server_error(api).status == 500
    assert server_error(api).payload["__type"].rpartition("#")[2] == failed
