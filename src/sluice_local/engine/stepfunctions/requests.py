"""Requests that Step Functions refuses in words of its own.

AWS: names, ARNs, inputs, tags and tokens that are none have errors of their own,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html and
https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html.

MiniStack 1.5.33: takes them, or answers that what is named does not exist.

Fixed by a check before the request is served; lengths and words are `engine.http.by_model`'s.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

Request = Mapping[str, Any]
Refusal = tuple[str, str]
"""An error and its message."""

TAGS_MAX = 50
_BAD_IN_NAMES = re.compile(
    r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]"
)
_NAMED = {"CreateStateMachine", "CreateActivity", "StartExecution", "StartSyncExecution"}
_WITH_INPUT = {"StartExecution", "StartSyncExecution"}
_PAGED_BY_NUMBER = {"ListStateMachines", "ListActivities"}
_CHANGES = {
    "definition",
    "roleArn",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
    "publish",
    "versionDescription",
}


def install() -> None:
    """Check each request to Step Functions."""
    ministack.wrap("services.stepfunctions.handle_request", _checked)


def refusal_of(operation: str, request: Request) -> Refusal | None:
    """Return how Step Functions refuses a request whatever it has; None if it does not."""
    return next(_refusals(operation, request), None)


def _refusals(operation: str, request: Request) -> Iterator[Refusal]:
    name = request.get("name")
    if operation in _NAMED and isinstance(name, str) and _BAD_IN_NAMES.search(name):
        yield "InvalidName", f"Invalid Name: {name!r}"
    for member, value in request.items():
        if member.lower().endswith("arn") and not str(value).startswith("arn:"):
            yield "InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {value}'"
    if operation in _WITH_INPUT and not _is_json(request.get("input", "{}")):
        yield "InvalidExecutionInput", "Invalid State Machine Execution Input: it is not JSON"
    if operation in _PAGED_BY_NUMBER and not str(request.get("nextToken", "0")).isdecimal():
        yield "InvalidToken", "Invalid Token: 'Invalid token'"
    rule = _RULES.get(operation)
    if rule is not None:
        yield from rule(request)
    yield from _tags(request)


def _is_json(text: object) -> bool:
    try:
        json.loads(str(text))
    except ValueError:
        return False
    return True


def _create(request: Request) -> Iterator[Refusal]:
    if request.get("versionDescription") and not request.get("publish"):
        yield "ValidationException", "versionDescription is only for a request that has publish"


def _update(request: Request) -> Iterator[Refusal]:
    if not request.keys() & _CHANGES:
        message = (
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must "
            "be specified"
        )
        yield "MissingRequiredParameter", message


def _list_executions(request: Request) -> Iterator[Refusal]:
    if ("stateMachineArn" in request) == ("mapRunArn" in request):
        yield "ValidationException", "Must provide either a State Machine ARN or a Map Run ARN"


_RULES: Mapping[str, Callable[[Request], Iterator[Refusal]]] = {
    "CreateStateMachine": _create,
    "UpdateStateMachine": _update,
    "ListExecutions": _list_executions,
}


def _tags(request: Request) -> Iterator[Refusal]:
    tags = request.get("tags") or ()
    if len(tags) > TAGS_MAX:
        yield "TooManyTags", f"{len(tags)} tags are given; at most {TAGS_MAX} are allowed"
    for tag in tags:
        if str(tag.get("key")).lower().startswith("aws:"):
            yield "ValidationException", "aws: prefixed tag key names are not allowed for external use."


def _missing(operation: str, request: Request) -> Refusal | None:
    """Of what is named: what a listing or a tag is to be of, and is not there."""
    arn = str(request.get("stateMachineArn") or request.get("resourceArn") or "")
    known = {
        *ministack.private("services.stepfunctions._state_machines"),
        *ministack.private("services.stepfunctions._state_machine_versions"),
        *ministack.private("services.stepfunctions._state_machine_aliases"),
        *ministack.private("services.stepfunctions._activities"),
    }
    if not arn or arn in known:
        return None
    if operation == "ListExecutions":
        return "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'"
    if operation in {"TagResource", "UntagResource", "ListTagsForResource"}:
        return "ResourceNotFound", f"Resource not found: '{arn}'"
    return None


def _checked(handle_request: Private) -> Private:
    @functools.wraps(handle_request)
    async def handle(method: str, path: str, headers: Any, body: Any, query: Any) -> Private:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            request = {name: value for name, value in json.loads(body or b"{}").items() if value is not None}
        except (ValueError, AttributeError):
            request = {}  # told by the service
        refusal = refusal_of(operation, request) or _missing(operation, request)
        if refusal:
            return ministack.private("core.responses.error_response_json")(*refusal, 400)
        return await handle_request(method, path, headers, body, query)

    return handle
