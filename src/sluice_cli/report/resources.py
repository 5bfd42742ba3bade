"""What jobs may use: what their definitions give, and what was asked for instead; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice_cli.report.facts import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def resources_of(definition: Mapping[str, Any] | None, request: Mapping[str, Any]) -> Resources:
    """Reads a job's vCPUs, memory (MiB) and processor architecture.

    Args:
        definition: as DescribeJobDefinitions tells it; None if it is not to be had.
        request: the arguments of SubmitJob.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
    """
    properties = (definition or {}).get("containerProperties") or {}
    overrides = request.get("containerOverrides") or {}
    given = {**_required(properties), **_required(overrides)}
    platform = properties.get("runtimePlatform") or {}
    architecture = platform.get("cpuArchitecture", "X86_64") if properties else None
    memory_mib = given.get("MEMORY")
    return Resources(given.get("VCPU"), None if memory_mib is None else int(memory_mib), architecture)


def _required(properties: Mapping[str, Any]) -> dict[str, float]:
    """The requirements, also in the form that they had before 2020: `vcpus` and `memory`."""
    old = {"VCPU": properties.get("vcpus"), "MEMORY": properties.get("memory")}
    found = [(kind, value) for kind, value in old.items() if value is not None]
    found += [(each.get("type"), each.get("value")) for each in properties.get("resourceRequirements") or ()]
    numbers = ((str(kind), _number(value)) for kind, value in found)
    return {kind: number for kind, number in numbers if number is not None}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def newest(definitions: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Finds each definition by its ARN, by `name:revision`, and its newest revision by its name alone."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in sorted(definitions, key=lambda definition: int(definition["revision"])):
        name = str(each["jobDefinitionName"])
        arn = str(each["jobDefinitionArn"])
        found |= {arn: each, f"{name}:{each['revision']}": each, name: each, arn.rpartition(":")[0]: each}
    return found
