"""How each service words a throttled call and a failure of its own."""

from dataclasses import dataclass

from sluice_local.engine.http.asgi import Headers, Send, send_json


@dataclass(frozen=True)
class Refusal:
    """An error answer: HTTP status, JSON payload, headers."""

    status: int
    payload: dict[str, str]
    headers: Headers = ()


def throttling(api: str) -> Refusal:
    """Return the answer to a call of `api` (such as `Batch.SubmitJob`) above its rate.

    Batch and Lambda speak REST, with the error's name in a header; the others JSON, with it in `__type`.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html has DynamoDB's
    errors, https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html those of many.
    """
    match _service(api):
        case "Batch" | "Lambda":
            return _rest(429, "TooManyRequestsException", "Too Many Requests")
        case "DynamoDB":
            name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            return Refusal(400, {"__type": name, "message": "The level of throughput was exceeded"})
    return Refusal(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})


def server_error(api: str) -> Refusal:
    """Return the answer to a call of `api` that failed inside the service.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html (ServerException),
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (ServiceException), and as above.
    """
    message = "The service failed"
    match _service(api):
        case "Batch":
            return _rest(500, "ServerException", message)
        case "Lambda":
            return _rest(500, "ServiceException", message)
        case "DynamoDB":
            return Refusal(
                500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": message}
            )
    return Refusal(500, {"__type": "InternalFailure", "message": message})


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Answer with an error."""
    await send_json(send, refusal.status, refusal.payload, refusal.headers)


def _service(api: str) -> str:
    return api.partition(".")[0]


def _rest(status: int, name: str, message: str) -> Refusal:
    return Refusal(status, {"message": message}, [(b"x-amzn-errortype", name.encode())])
