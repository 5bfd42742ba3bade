"""Batch's requests and jobs in the words of Step Functions' `batch:submitJob.sync`, and back; pure.

Step Functions writes the members of Batch's requests and answers in PascalCase, leaves out those that are
null, and makes text of numbers where Batch takes text:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAPS: Final = frozenset(
    {"annotations", "labels", "limits", "options", "parameters", "requests", "statusSummary", "tags"}
)
"""Members of SubmitJob's request and of a JobDetail whose own members a person has named."""

TEXTS: Final = frozenset(
    {
        *("action", "args", "command", "consumableResource", "image", "instanceType", "instanceTypes"),
        *("jobDefinition", "jobId", "jobName", "jobQueue", "name", "namespace", "onExitCode", "onReason"),
        *("onStatusReason", "shareIdentifier", "targetNodes", "type", "value"),
    }
)
"""Members of SubmitJob's request that are text, or lists of texts."""

WHOLES: Final = frozenset(
    {
        *("attemptDurationSeconds", "attempts", "memory", "numNodes", "quantity"),
        *("schedulingPriorityOverride", "size", "vcpus"),
    }
)
"""Members of SubmitJob's request that are integers.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

DEEPEST: Final = 24
"""No request or JobDetail of Batch's is nested as deep; what lies deeper stays as it is."""

MAX_FACT: Final = 512
"""Characters of a text that are kept where little else is."""

_LARGE: Final = (
    ("Container", "Environment"),
    ("NodeProperties",),
    ("EcsProperties",),
    ("EksProperties",),
    ("Container", "Command"),
    ("Parameters",),
    ("Tags",),
)
"""What is emptied first where a job is too large to be told of; all of it is known before the job runs."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")


def camel(name: str) -> str:
    """Writes a member's name as Batch does."""
    return name[:1].lower() + name[1:]


def pascal(name: str) -> str:
    """Writes a member's name as Step Functions does."""
    return name[:1].upper() + name[1:]


def request_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a state's arguments, in PascalCase or camelCase, as SubmitJob takes them."""
    request: dict[str, Any] = _recased(_present(arguments, "", DEEPEST), "", camel, DEEPEST)
    return request


def given_twice(value: Any, name: str = "", deepest: int = DEEPEST) -> str | None:
    """Names a member that an object of a state's arguments has in PascalCase and in camelCase, as Batch does.

    Of the two, `request_of` would keep one and lose the other.
    """
    if isinstance(value, dict) and deepest:
        is_map = camel(name) in MAPS
        names = Counter(name if is_map else camel(name) for name in value)
        own = (name for name, times in names.items() if times > 1)
        within = (given_twice(each, "" if is_map else key, deepest - 1) for key, each in value.items())
        return next(own, None) or next(filter(None, within), None)
    if isinstance(value, list) and deepest:
        return next(filter(None, (given_twice(each, name, deepest - 1) for each in value)), None)
    return None


def job_document(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a JobDetail as `batch:submitJob.sync` gives it."""
    document: dict[str, Any] = _recased(detail, "", pascal, DEEPEST)
    return document


def fitted(document: Mapping[str, Any], most: int) -> str:
    """Writes a job as JSON of so many characters at most, all of them ASCII.

    Where it is too long, what was known before the job ran is emptied; its facts stay.
    """
    text = json.dumps(document)
    for path in _LARGE:
        if len(text) <= most:
            return text
        document = _emptied(document, path)
        text = json.dumps(document)
    return text if len(text) <= most else json.dumps(_facts(document))


def _recased(value: Any, name: str, to: Callable[[str], str], deepest: int) -> Any:
    """Writes the names of members anew, but for those that a person has given."""
    if isinstance(value, dict) and deepest:
        is_map = camel(name) in MAPS
        return {
            key if is_map else to(key): _recased(each, "" if is_map else key, to, deepest - 1)
            for key, each in value.items()
        }
    if isinstance(value, list) and deepest:
        return [_recased(each, name, to, deepest - 1) for each in value]
    return value


def _present(value: Any, name: str, deepest: int) -> Any:
    """Leaves out what is null, and makes texts and integers where SubmitJob takes them."""
    if isinstance(value, dict) and deepest:
        is_map = camel(name) in MAPS
        return {
            key: _present(each, "value" if is_map else key, deepest - 1)
            for key, each in value.items()
            if each is not None
        }
    if isinstance(value, list) and deepest:
        return [_present(each, name, deepest - 1) for each in value if each is not None]
    return _scalar(value, camel(name))


def _scalar(value: Any, name: str) -> Any:
    if name in TEXTS and isinstance(value, int | float):  # true and false too
        return json.dumps(value)
    if name in WHOLES and isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if name == "propagateTags" and value in ("true", "false"):
        return value == "true"
    return value


def _emptied(document: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    name, *rest = path
    value = document.get(name)
    if not isinstance(value, dict | list):
        return dict(document)
    emptied = _emptied(value, tuple(rest)) if rest and isinstance(value, dict) else type(value)()
    return {**document, name: emptied}


def _facts(document: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a job that is still too long: texts and numbers, none of them long."""
    container = document.get("Container")
    facts = _short(document)
    return {**facts, "Attempts": [], "Container": _short(container if isinstance(container, dict) else {})}


def _short(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The facts among some fields; a JobDetail has some twenty, and one from elsewhere may have any."""
    told = {name: value for name, value in fields.items() if name in _FACTS}
    texts = {name: value[:MAX_FACT] for name, value in told.items() if isinstance(value, str)}
    return texts | {
        name: value for name, value in told.items() if isinstance(value, int) and abs(value) < 2**63
    }


_FACTS: Final = frozenset(
    {
        *("JobArn", "JobId", "JobName", "JobQueue", "JobDefinition", "Status", "StatusReason", "CreatedAt"),
        *("StartedAt", "StoppedAt", "IsCancelled", "IsTerminated", "ExitCode", "Reason", "LogStreamName"),
    }
)
