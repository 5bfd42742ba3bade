"""How much a container may ask for, on EC2 and on Fargate.

Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
"""

import re
from collections.abc import Mapping
from typing import Any

from sluice_local.batch.model import RequestRefusedError

MEMORY_MIB_MIN = 4
_WHOLE = (re.compile(r"[0-9]{1,9}"), "a whole number above 0, as text")
_AMOUNTS = {
    "MEMORY": _WHOLE,
    "GPU": _WHOLE,
    "VCPU": (re.compile(r"[0-9]{1,9}(\.[0-9]+)?"), "a number above 0, as text"),
}
_GIB = 1024
FARGATE_MEMORY_MIB: Mapping[float, frozenset[int]] = {
    0.25: frozenset({512, _GIB, 2 * _GIB}),
    0.5: frozenset(range(_GIB, 4 * _GIB + 1, _GIB)),
    1: frozenset(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2: frozenset(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4: frozenset(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8: frozenset(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16: frozenset(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
    32: frozenset({61_440, 122_880, 249_856}),
}
"""The MEMORY values, in MiB, that go with each VCPU value on Fargate."""


def check_resources(requirements: object) -> None:
    """Refuse a resourceRequirements of which Batch cannot read a value, in an override or a job definition.

    Raises:
        RequestRefusedError: the message names the type, its value and what is allowed.
    """
    for entry in requirements if isinstance(requirements, list) else ():
        kind, value = entry.get("type"), entry.get("value")
        _require(kind in _AMOUNTS, f"resourceRequirements type is {kind!r}; VCPU, MEMORY or GPU are allowed")
        pattern, allowed = _AMOUNTS[kind]
        readable = isinstance(value, str) and pattern.fullmatch(value) is not None and float(value) > 0
        _require(readable, f"resourceRequirements {kind} is {value!r}; it must be {allowed}")
        enough = kind != "MEMORY" or int(value) >= MEMORY_MIB_MIN
        _require(enough, f"resourceRequirements MEMORY is {value} MiB; at least {MEMORY_MIB_MIN} are needed")


def required(container: Mapping[str, Any]) -> dict[str, str]:
    """Return what a container asks for, by type."""
    return {entry["type"]: entry["value"] for entry in container.get("resourceRequirements") or ()}


def check_complete(container: Mapping[str, Any], place: str) -> None:
    """Refuse a container that asks for no memory or no processor, by either of the two ways to ask."""
    given = required(container)
    for kind, member in (("MEMORY", "memory"), ("VCPU", "vcpus")):
        _require(
            kind in given or bool(container.get(member)),
            f"{place} asks for no {kind}: add it to resourceRequirements",
        )
    memory = container.get("memory")
    _require(
        memory is None or memory >= MEMORY_MIB_MIN,
        f"{place}.memory is {memory} MiB; at least {MEMORY_MIB_MIN} are needed",
    )


def check_fargate(container: Mapping[str, Any]) -> None:
    """Refuse a container, with its overrides, whose amounts Fargate does not have."""
    given = required(container)
    _require("GPU" not in given, "resourceRequirements has GPU; Fargate has none")
    vcpu, memory = given.get("VCPU", ""), given.get("MEMORY", "")
    allowed = FARGATE_MEMORY_MIB.get(float(vcpu or 0))
    known = ", ".join(f"{each:g}" for each in FARGATE_MEMORY_MIB)
    if allowed is None:
        raise RequestRefusedError(f"resourceRequirements VCPU is {vcpu!r}; Fargate has {known}")
    if int(memory or 0) not in allowed:
        listed = ", ".join(map(str, sorted(allowed)))
        raise RequestRefusedError(
            f"resourceRequirements MEMORY is {memory!r} for VCPU {vcpu}; Fargate has {listed}"
        )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RequestRefusedError(message)
