"""The resources that a call of Batch acts on.

AWS: SubmitJob must be allowed on the job queue and on the job definition, TerminateJob on the job,
https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html; a job with tags
needs batch:TagResource as well.

MiniStack 1.5.33: asks for every action of Batch on `*`, so that a policy that names a queue never allows.

Fixed by naming the first resource and asking for the others right after it. A refusal for want of
TagResource is worded as one of SubmitJob.
"""

import functools
import json
from contextvars import ContextVar
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import request_scope
from sluice_local.engine.iam.needs import Need, batch_needs
from sluice_local.engine.ministack import Private

_further: ContextVar[tuple[Need, ...]] = ContextVar("further_needs", default=())


def install() -> None:
    """Have MiniStack's evaluator ask for all that a call of Batch needs."""
    ministack.wrap("core.iam_actions.extract_resource_arn", _naming)
    ministack.wrap("core.iam_evaluator.enforce", _asking_for_all)


def _naming(extract: Private) -> Private:
    @functools.wraps(extract)
    def name(
        service: str, method: str, path: str, headers: Private, body: bytes, *more: Any, **keywords: Any
    ) -> str:
        if service != "batch":
            resource: str = extract(service, method, path, headers, body, *more, **keywords)
            return resource
        action = ministack.private("core.iam_actions.extract_iam_action")(
            "batch", method, path, headers, b"", {}
        )
        first, *others = batch_needs((action or ":").partition(":")[2], _document(body), request_scope())
        _further.set(tuple(others))
        return first.resource

    return name


def _document(body: bytes) -> dict[str, Any]:
    """Read a request; one that is not JSON names no resource, and the service refuses it later."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _asking_for_all(enforce: Private) -> Private:
    @functools.wraps(enforce)
    def ask(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Private:
        others = _further.get() if service == "batch" else ()
        _further.set(())
        denied = enforce(access_key, action, service, region, resource_arn=resource_arn, **context)
        for need in others:
            denied = denied or enforce(
                access_key, need.action, service, region, resource_arn=need.resource, **context
            )
        return denied

    return ask
