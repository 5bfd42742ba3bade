"""What a Task state may call.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html. Here are services that
Local AWS has, with their actions and the patterns of each; other services are taken as they are.
"""

import re
from collections.abc import Mapping

from sluice_local.states_language.problems import Problem, Problems, State, is_expression

CALLBACK = "waitForTaskToken"
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\w*:.+")
_INTEGRATION = re.compile(
    r"arn:[\w-]+:states:[\w-]*:\w*:(?P<service>[\w-]+):(?P<action>[\w:]+?)(\.(?P<how>[\w:]+))?"
)
_NOT_INTEGRATIONS = {"activity"}
_ONCE = frozenset({""})
_OR_CALLBACK = frozenset({"", CALLBACK})
INTEGRATIONS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "batch": {"submitJob": frozenset({"", "sync"})},
    "dynamodb": dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), _ONCE),
    "ecs": {"runTask": frozenset({"", "sync", CALLBACK})},
    "events": {"putEvents": _OR_CALLBACK},
    "lambda": {"invoke": _OR_CALLBACK},
    "sns": {"publish": _OR_CALLBACK},
    "sqs": {"sendMessage": _OR_CALLBACK},
    "states": {"startExecution": frozenset({"", "sync", "sync:2", CALLBACK})},
}


def resource_problems(state: State) -> Problems:
    """Give what is wrong with a Task state's Resource."""
    resource, place = state.body.get("Resource"), f"{state.place}/Resource"
    if resource is None:
        yield Problem("Missing field 'Resource'", state.place)
    elif not isinstance(resource, str) or is_expression(resource):
        return  # its kind is told elsewhere
    elif _ARN.fullmatch(resource) is None:
        yield Problem(f"Value {resource!r} is not a valid resource ARN", place)
    elif not _is_known(resource):
        yield Problem(
            f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, "
            "or the resource is not available in this region.",
            place,
        )


def integration_of(resource: str) -> tuple[str, str, str] | None:
    """Return the service, the action and the pattern that a resource names; None if it is no integration."""
    found = _INTEGRATION.fullmatch(resource)
    if found is None or found["service"] in _NOT_INTEGRATIONS:
        return None
    return found["service"], found["action"], found["how"] or ""


def _is_known(resource: str) -> bool:
    named = integration_of(resource)
    if named is None:
        return True
    service, action, how = named
    if service == "aws-sdk":
        return ":" in action and how in _OR_CALLBACK
    return service not in INTEGRATIONS or how in INTEGRATIONS[service].get(action, ())
