"""What of a container Batch refuses, besides its amounts.

Sources: https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerOverrides.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_EphemeralStorage.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_LinuxParameters.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_LogConfiguration.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_RuntimePlatform.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_Host.html
"""

import re
from collections.abc import Mapping
from typing import Any

from sluice_local.batch.model import RequestRefusedError
from sluice_local.batch.rules.resources import MEMORY_MIB_MIN

Container = Mapping[str, Any]

RESERVED = "AWS_BATCH"
"""How the names of variables begin that are Batch's own."""

_IMAGE = re.compile(r"[A-Za-z0-9_:./#@-]{1,255}")
_EPHEMERAL_GIB = range(21, 201)
_SWAPPINESS = range(101)
_ARCHITECTURES = ("X86_64", "ARM64")
_FARGATE_LOG_DRIVERS = ("awslogs", "splunk")
_ONLY_FARGATE = ("fargatePlatformConfiguration", "networkConfiguration")


def check_container(container: Container, place: str, *, is_fargate: bool) -> None:
    """Refuse a container of a job definition for what it is and where it is to run.

    Raises:
        RequestRefusedError: the message names the member and what is allowed.
    """
    image = str(container.get("image") or "")
    _require(image, f"{place} needs an image")
    _require(
        _IMAGE.fullmatch(image),
        f"{place}.image is {image!r}; up to 255 letters, numbers, hyphens, underscores, colons, periods, "
        "slashes, number signs and @ are allowed",
    )
    check_environment(container.get("environment"), place)
    swappiness = (container.get("linuxParameters") or {}).get("swappiness", 0)
    _require(
        swappiness in _SWAPPINESS, f"{place}.linuxParameters.swappiness is {swappiness}; 0 to 100 are allowed"
    )
    storage = (container.get("ephemeralStorage") or {}).get("sizeInGiB", _EPHEMERAL_GIB[0])
    _require(
        storage in _EPHEMERAL_GIB, f"{place}.ephemeralStorage.sizeInGiB is {storage}; 21 to 200 are allowed"
    )
    architecture = (container.get("runtimePlatform") or {}).get("cpuArchitecture", _ARCHITECTURES[0])
    _require(
        architecture in _ARCHITECTURES,
        f"{place}.runtimePlatform.cpuArchitecture is {architecture!r}; X86_64 or ARM64 is needed",
    )
    if is_fargate:
        _check_on_fargate(container, place)
    else:
        wrong = [name for name in _ONLY_FARGATE if container.get(name)]
        _require(not wrong, f"{place} has {', '.join(wrong)}, which is for jobs on Fargate only")


def check_environment(environment: object, place: str) -> None:
    """Refuse variables without a name, and those whose names Batch keeps for its own."""
    for entry in environment if isinstance(environment, list) else ():
        name = str(entry.get("name") or "")
        _require(name, f"{place}.environment has an entry without a name")
        _require(
            not name.startswith(RESERVED),
            f"{place}.environment names {name!r}; names that begin with {RESERVED} are Batch's own",
        )


def check_overrides(overrides: Container) -> None:
    """Refuse what a request puts in the place of a definition's amounts and variables."""
    check_environment(overrides.get("environment"), "containerOverrides")
    for name, least in (("vcpus", 1), ("memory", MEMORY_MIB_MIN)):
        amount = overrides.get(name, least)
        _require(amount >= least, f"containerOverrides.{name} is {amount}; at least {least} is needed")


def _check_on_fargate(container: Container, place: str) -> None:
    hosts = [
        each.get("name")
        for each in container.get("volumes") or ()
        if (each.get("host") or {}).get("sourcePath")
    ]
    _require(not hosts, f"{place}.volumes has {hosts}, paths of the host, which Fargate does not have")
    driver = (container.get("logConfiguration") or {}).get("logDriver", _FARGATE_LOG_DRIVERS[0])
    _require(
        driver in _FARGATE_LOG_DRIVERS,
        f"{place}.logConfiguration.logDriver is {driver!r}; Fargate has {', '.join(_FARGATE_LOG_DRIVERS)}",
    )


def _require(condition: object, message: str) -> None:
    if not condition:
        raise RequestRefusedError(message)
