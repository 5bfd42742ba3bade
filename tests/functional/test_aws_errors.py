from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from sluice.aws import clients
from sluice.aws.batch import BotoBatch
from sluice.aws.errors import translated
from sluice.errors import (
    AlreadyExistsError,
    DeniedError,
    DoesNotExistError,
    RejectedError,
    ServiceError,
    TaskGoneError,
    ThrottledError,
    UnauthenticatedError,
    UnclearError,
)

TOKEN = "a-secret-token"


def client_error(code: str, status: int, message: str = "") -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SubmitJob")  # type: ignore[arg-type] # a part of an answer is enough


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (client_error("TooManyRequestsException", 429), ThrottledError),
        (client_error("ThrottlingException", 400), ThrottledError),
        (client_error("ServerException", 500), UnclearError),
        (client_error("ClientException", 400), RejectedError),
        (client_error("AccessDeniedException", 403), DeniedError),
        (client_error("ResourceNotFoundException", 400), DeniedError),
        (client_error("ExpiredTokenException", 400), UnauthenticatedError),
        (client_error("ExpiredToken", 403), UnauthenticatedError),
        (client_error("SignatureDoesNotMatch", 403), UnauthenticatedError),
        (client_error("InvalidSignatureException", 403), UnauthenticatedError),
        (client_error("UnrecognizedClientException", 403), UnauthenticatedError),
        (client_error("TaskTimedOut", 400), TaskGoneError),
        (client_error("TaskDoesNotExist", 400), TaskGoneError),
        (client_error("ExecutionAlreadyExists", 400), AlreadyExistsError),
        (client_error("ExecutionDoesNotExist", 400), DoesNotExistError),
        (client_error("TransactionInProgressException", 400), UnclearError),
        (ReadTimeoutError(endpoint_url="http://x"), UnclearError),
        (EndpointConnectionError(endpoint_url="http://x"), UnclearError),
    ],
)
def test_each_error_is_raised_as_what_it_means(error: Exception, meaning: type[ServiceError]) -> None:
    with pytest.raises(meaning) as caught, translated():
        raise error
    assert type(caught.value) is meaning


def test_a_token_is_blotted_out_and_botocores_error_is_not_kept() -> None:
    with pytest.raises(RejectedError) as caught, translated(TOKEN):
        raise client_error("ClientException", 400, f"parameter {TOKEN} is too long")
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_botocore_s_own_tries_are_not_told() -> None:
    error = client_error("ClientException", 400, "JobDefinition lab:1 does not exist")
    tries = {"MaxAttemptsReached": True, "RetryAttempts": 0}
    error.response["ResponseMetadata"].update(tries)  # type: ignore[typeddict-item]
    said = str(ClientError(error.response, "SubmitJob"))
    assert "reached max retries" in said
    with pytest.raises(RejectedError) as caught, translated():
        raise ClientError(error.response, "SubmitJob")
    assert str(caught.value) == said.replace(" (reached max retries: 0)", "")


def test_a_request_of_the_wrong_shape_is_refused_at_once_and_never_looked_up() -> None:
    client = boto3.client("batch", region_name="us-east-1", config=Config(signature_version="unsigned"))
    request = {
        "jobName": "align",
        "jobQueue": "queue",
        "jobDefinition": "definition",
        "parameters": {"taskToken": TOKEN},
        "timeout": {"attemptDurationSeconds": "60"},
    }
    with pytest.raises(RejectedError, match="attemptDurationSeconds") as caught:
        BotoBatch(client).submit_job(request)
    assert TOKEN not in str(caught.value)


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.usefixtures("region")
def test_calls_that_must_not_be_repeated_are_not_retried_by_boto3() -> None:
    for client in (clients.batch(), clients.activity_queue()):
        assert vars(client.meta.config)["_user_provided_options"]["retries"]["total_max_attempts"] == 1


@pytest.mark.usefixtures("region")
def test_a_long_poll_waits_longer_than_step_functions_holds_it() -> None:
    assert vars(clients.activity_queue().meta.config)["_user_provided_options"]["read_timeout"] >= 65


@pytest.mark.usefixtures("region")
def test_what_an_intent_waits_for_is_asked_once_and_briefly() -> None:
    for client in (clients.events(), clients.parameters()):
        options = vars(client.meta.config)["_user_provided_options"]
        assert options["retries"]["total_max_attempts"] == 1
        assert options["connect_timeout"] + options["read_timeout"] <= 3
