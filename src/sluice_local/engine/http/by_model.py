"""Refuses requests that AWS's own models do not allow.

AWS: a request that breaks a length, a range, a pattern or a word of its API reference is answered with a
ValidationException, https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html (and the
same page of other services).

MiniStack 1.5.33: takes most of them, and fails with a 500 where a member is missing.

Fixed by a check by botocore's models before the request is served, for services that speak JSON and that
MiniStack does not check itself. Batch has its check where its operations are (`sluice_local.batch.api`).
"""

import functools
import json
from typing import Any

from sluice_local.api_models.checking import request_problems, without_nulls
from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

_SERVICES = {"stepfunctions": "stepfunctions", "eventbridge": "events", "cloudwatch_logs": "logs"}
"""MiniStack's modules, and what botocore calls their services."""


def install() -> None:
    """Check each request to these services."""
    for module, service in _SERVICES.items():
        ministack.wrap(f"services.{module}.handle_request", functools.partial(_checked, service))


def _checked(service: str, handle_request: Private) -> Private:
    @functools.wraps(handle_request)
    async def handle(method: str, path: str, headers: Any, body: Any, query: Any) -> Private:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if problems := _problems(service, operation, body):
            noun = "error" if len(problems) == 1 else "errors"
            message = f"{len(problems)} validation {noun} detected: {'; '.join(problems)}"
            return ministack.private("core.responses.error_response_json")(
                "ValidationException", message, 400
            )
        return await handle_request(method, path, headers, body, query)

    return handle


def _problems(service: str, operation: str, body: bytes | str) -> list[str]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return []  # told by the service
    return request_problems(service, operation, without_nulls(request))
