"""Job definitions that Batch refuses.

Sources: https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_LinuxParameters.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_NodeProperties.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_local.batch.model import Document, RequestRefusedError
from sluice_local.batch.rules.containers import check_container
from sluice_local.batch.rules.resources import check_complete, check_fargate, check_resources

PRIORITIES = range(10_000)

_TAG = re.compile(r"[\w\s+\-=._:/@]*")
_NODES = re.compile(r"(\d*):(\d*)|(\d+)")
_KINDS = {"container": ("containerProperties", "ecsProperties"), "multinode": ("nodeProperties",)}
_PROPERTIES = ("containerProperties", "ecsProperties", "nodeProperties")
_NOT_ON_FARGATE = ("vcpus", "memory", "instanceType", "privileged", "ulimits")
_LINUX_NOT_ON_FARGATE = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")


def check_definition(request: Document) -> None:
    """Refuse a job definition by its kind, its containers and the platform that it is for.

    Raises:
        RequestRefusedError: the message names the member and what is allowed.
    """
    check_kind(request)
    for place, container in containers(request):
        check_container(container, place, is_fargate=is_for_fargate(request))
        check_resources(container.get("resourceRequirements"))
        check_complete(container, place)
    priority = request.get("schedulingPriority", 0)
    if priority not in PRIORITIES:
        raise RequestRefusedError(f"schedulingPriority is {priority}; it must be 0 to 9999")
    if is_for_fargate(request):
        _check_for_fargate(request)
    check_tags(request.get("tags"))


def check_kind(request: Document) -> None:
    """Refuse a definition that does not have the one kind of properties that its type needs."""
    kind = request.get("type")
    if kind not in _KINDS:
        raise RequestRefusedError(f"type is {kind!r}; container or multinode are allowed")
    if request.get("eksProperties"):
        raise RequestRefusedError("eksProperties are for Amazon EKS, which Local AWS has not")
    given = [name for name in _PROPERTIES if request.get(name)]
    if len(given) != 1 or given[0] not in _KINDS[kind]:
        needed = " or ".join(_KINDS[kind])
        raise RequestRefusedError(f"A definition of type {kind} needs {needed}, and has {given or 'neither'}")
    if request.get("nodeProperties"):
        _check_nodes(request["nodeProperties"])


def _check_nodes(nodes: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_NodeRangeProperty.html: all nodes, `0:n`."""
    count = nodes["numNodes"]
    if not 0 <= nodes["mainNode"] < count:
        raise RequestRefusedError(
            f"nodeProperties.mainNode is {nodes['mainNode']}; it must be below numNodes, {count}"
        )
    covered: set[int] = set()
    for group in nodes["nodeRangeProperties"]:
        found = _NODES.fullmatch(group["targetNodes"])
        if found is None:
            raise RequestRefusedError(
                f"targetNodes is {group['targetNodes']!r}; a range such as 0:3 is needed"
            )
        first, last = (found[3], found[3]) if found[3] else (found[1] or 0, found[2] or count - 1)
        covered |= set(range(int(first), int(last) + 1))
    if covered != set(range(count)):
        raise RequestRefusedError(f"targetNodes must name all nodes from 0 to {count - 1}, and no others")


def containers(definition: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every container of a definition, with the place where it stands."""
    nodes = (definition.get("nodeProperties") or {}).get("nodeRangeProperties") or ()
    groups: list[tuple[Mapping[str, Any], str]] = [(definition, "")]
    groups += [
        (group, f"nodeProperties.nodeRangeProperties[{number}].") for number, group in enumerate(nodes)
    ]
    for group, before in groups:
        if single := group.get("containerProperties") or group.get("container"):
            yield f"{before}{'container' if before else 'containerProperties'}", single
        for task in (group.get("ecsProperties") or {}).get("taskProperties") or ():
            for number, each in enumerate(task.get("containers") or ()):
                yield f"{before}ecsProperties.taskProperties[0].containers[{number}]", each


def is_for_fargate(definition: Document) -> bool:
    """Tell whether a definition says that its jobs run on Fargate."""
    return "FARGATE" in (definition.get("platformCapabilities") or ())


def check_tags(tags: object) -> None:
    """Refuse tags whose keys are AWS's own, or that have characters that tags do not have.

    Source: https://docs.aws.amazon.com/batch/latest/userguide/using-tags.html#tag-restrictions
    """
    for key, value in tags.items() if isinstance(tags, Mapping) else ():
        for text in (key, value):
            if _TAG.fullmatch(str(text)) is None:
                raise RequestRefusedError(
                    f"tags has {text!r}; letters, numbers, spaces and + - = . _ : / @ are allowed"
                )
        if str(key).lower().startswith("aws:"):
            raise RequestRefusedError(f"tags has the key {key!r}; keys that begin with aws: are AWS's own")


def _check_for_fargate(definition: Document) -> None:
    if definition.get("nodeProperties"):
        raise RequestRefusedError("nodeProperties are not for Fargate; use containerProperties")
    task = ((definition.get("ecsProperties") or {}).get("taskProperties") or [{}])[0]
    role = task.get("executionRoleArn") or (definition.get("containerProperties") or {}).get(
        "executionRoleArn"
    )
    if not role:
        raise RequestRefusedError("executionRoleArn is missing; jobs on Fargate need an execution role")
    for place, container in containers(definition):
        linux = container.get("linuxParameters") or {}
        wrong = [name for name in _NOT_ON_FARGATE if container.get(name)]
        wrong += [f"linuxParameters.{name}" for name in _LINUX_NOT_ON_FARGATE if linux.get(name) is not None]
        if wrong:
            raise RequestRefusedError(f"{place} has {', '.join(wrong)}, which Fargate does not support")
    if definition.get("containerProperties"):
        check_fargate(definition["containerProperties"])
