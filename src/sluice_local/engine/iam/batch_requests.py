"""The resources that a call of Batch acts on.

AWS: SubmitJob must be allowed on the job queue and on the job definition, TerminateJob on the job,
https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html; a job with tags
needs batch:TagResource as well. TerminateJobs and CancelJobs need the single calls' permission for each job,
and leave out those that it is missing for:
https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html.

MiniStack 1.5.33: asks for every action of Batch on `*`, so that a policy that names a queue never allows.

Fixed by asking for all that the request needs. A refusal for want of TagResource is worded as one of
SubmitJob.
"""

import functools
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.batch_api import denied_jobs, request_scope
from sluice_local.engine.iam.needs import OF_MANY_JOBS, Need, batch_needs
from sluice_local.engine.ministack import Private


@dataclass(frozen=True)
class _Asked:
    """A call of Batch; one `of_many` jobs is refused for each of them alone."""

    needs: tuple[Need, ...]
    of_many: bool


_asked: ContextVar[_Asked | None] = ContextVar("asked", default=None)


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
        operation = (action or ":").partition(":")[2]
        needs = batch_needs(operation, _document(body), request_scope())
        _asked.set(_Asked(needs, of_many=operation in OF_MANY_JOBS))
        return needs[0].resource if needs else "*"

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
        asked = _asked.get() if service == "batch" else None
        _asked.set(None)
        if asked is None:
            return enforce(access_key, action, service, region, resource_arn=resource_arn, **context)

        def refusal(need: Need) -> Private:
            return enforce(access_key, need.action, service, region, resource_arn=need.resource, **context)

        if asked.of_many:
            refused = [need.resource.rpartition("/")[2] for need in asked.needs if refusal(need)]
            denied_jobs.set(frozenset(refused))
            return None
        return next(filter(None, map(refusal, asked.needs)), None)

    return ask
