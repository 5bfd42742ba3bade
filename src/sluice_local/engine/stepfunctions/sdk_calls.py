"""Actions of S3 that a state calls by the SDK integration, such as `aws-sdk:s3:getObject`.

AWS: every action of the SDK, with the body of an object as text,
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html.

MiniStack 1.5.33: has a list of S3's actions, in which those that read and write objects are missing.

Fixed by calling this very server as any client does.
"""

import functools
import json
import os
from datetime import datetime
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.response import StreamingBody

from sluice_local.batch.model import Scope
from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.language.install import failure, runtime_error

_MODULE = "services.stepfunctions"
_SERVICE = "s3"


def install() -> None:
    """Add the actions that are missing."""
    ministack.wrap(f"{_MODULE}._dispatch_aws_sdk_rest_xml", _also_by_client)


def _also_by_client(dispatch: Private) -> Private:
    known = ministack.private(f"{_MODULE}._REST_XML_OP_SPECS")[_SERVICE]

    @functools.wraps(dispatch)
    def call(service_info: Private, service: str, action: str, arguments: dict[str, Any] | None) -> Any:
        operation = action[:1].upper() + action[1:]
        if service != _SERVICE or operation in known:
            return dispatch(service_info, service, action, arguments)
        return _called(operation, arguments or {}, request_scope())

    return call


def _called(operation: str, arguments: dict[str, Any], scope: Scope) -> Any:
    client = _client(scope)
    if operation not in client.meta.service_model.operation_names:
        raise runtime_error(f"S3 has no action {operation}")
    body = {name: _text(value) for name, value in arguments.items() if name == "Body"}
    try:
        answer = getattr(client, xform_name(operation))(**{**arguments, **body})
    except ClientError as error:
        details = error.response["Error"]
        raise failure(f"S3.{details['Code']}Exception", details.get("Message", "")) from error
    except ParamValidationError as error:
        raise runtime_error(f"The Parameters could not be used to start the Task: [{error}]") from error
    return _plain({name: value for name, value in answer.items() if name != "ResponseMetadata"})


@functools.cache
def _client(scope: Scope) -> Any:
    return botocore.session.get_session().create_client(
        _SERVICE,
        region_name=scope.region,
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        aws_access_key_id=scope.account,
        aws_secret_access_key="local",  # noqa: S106 - no secret: Local AWS asks for none
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=50),
    )


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _plain(value: Any) -> Any:
    """Return an answer as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, StreamingBody):
        return value.read().decode(errors="replace")
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
