"""From a SubmitJob request and a job definition to a job, or to a refusal.

Limits: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html and
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sluice_local.batch.model import (
    Dependency,
    Document,
    ExitRule,
    Job,
    JobSpec,
    RequestRefusedError,
    RetryStrategy,
    Scope,
)
from sluice_local.batch.rules.containers import check_overrides
from sluice_local.batch.rules.resources import check_resources, required
from sluice_local.batch.rules.strategies import check_retry_and_timeout

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
PAYLOAD_BYTES_MAX = 30 * 1024
DEPENDENCIES_MAX = 20
ARRAY_SIZES = range(2, 10_001)
TAGS_MAX = 50
PRIORITIES = range(10_000)
_EMPTY_LISTS = ("volumes", "mountPoints", "ulimits", "networkInterfaces", "secrets")
_PASSED_THROUGH = ("retryStrategy", "timeout", "tags", "propagateTags", "shareIdentifier")


@dataclass(frozen=True, slots=True)
class Target:
    """What a request names: the queue's ARN and the definition as DescribeJobDefinitions shows it."""

    scope: Scope
    queue_arn: str
    definition: Document


def check_submit(request: Document) -> None:
    """Refuse a SubmitJob request that breaks one of Batch's documented limits.

    A dependency on an id that nobody knows is not checked here: Batch takes it.

    Raises:
        RequestRefusedError: the message names the field, what it holds and what is allowed.
    """
    check_name("jobName", request.get("jobName"))
    size = len(json.dumps(request, separators=(",", ":")).encode())
    _require(
        size <= PAYLOAD_BYTES_MAX, f"The request has {size} bytes; at most {PAYLOAD_BYTES_MAX} are allowed"
    )
    _check_array(request)
    check_retry_and_timeout(request)
    check_resources((request.get("containerOverrides") or {}).get("resourceRequirements"))
    check_overrides(request.get("containerOverrides") or {})
    tags = request.get("tags") or {}
    _require(len(tags) <= TAGS_MAX, f"tags holds {len(tags)} entries; at most {TAGS_MAX} are allowed")
    priority = request.get("schedulingPriorityOverride", 0)
    _require(priority in PRIORITIES, f"schedulingPriorityOverride is {priority}; it must be 0 to 9999")


def check_name(field: str, name: object) -> None:
    """Refuse a name that Batch does not take for a job, queue, definition or compute environment."""
    valid = isinstance(name, str) and NAME.fullmatch(name) is not None
    _require(
        valid,
        f"{field} {name!r} is not valid: up to 128 letters, numbers, hyphens and underscores, "
        "the first a letter or number",
    )


def _check_array(request: Document) -> None:
    size = (request.get("arrayProperties") or {}).get("size")
    _require(size is None or size in ARRAY_SIZES, f"arrayProperties.size is {size}; it must be 2 to 10000")
    dependencies = request.get("dependsOn") or ()
    _require(
        len(dependencies) <= DEPENDENCIES_MAX,
        f"dependsOn names {len(dependencies)} jobs; at most {DEPENDENCIES_MAX} are allowed",
    )
    for dependency in dependencies:
        kind = dependency.get("type")
        _require(
            kind in {None, "N_TO_N", "SEQUENTIAL"},
            f"dependsOn type is {kind}; N_TO_N or SEQUENTIAL are allowed",
        )
        _require(
            bool(dependency.get("jobId")) or kind == "SEQUENTIAL",
            "dependsOn needs a jobId unless it is SEQUENTIAL",
        )
        _require(kind is None or size is not None, f"dependsOn type {kind} is for array jobs only")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RequestRefusedError(message)


def build_job(request: Document, target: Target, *, job_id: str, created_at_ms: int) -> Job:
    """Lay a checked SubmitJob request over its job definition."""
    definition = target.definition
    overrides = request.get("containerOverrides") or {}
    parameters = {**(definition.get("parameters") or {}), **(request.get("parameters") or {})}
    container = _container(definition["containerProperties"], overrides)
    merged = {**definition, "tags": None, **request}
    spec = JobSpec(
        job_id=job_id,
        name=request["jobName"],
        scope=target.scope,
        queue_arn=target.queue_arn,
        definition_arn=definition["jobDefinitionArn"],
        command=fill_placeholders(container["command"], parameters),
        environment={entry["name"]: entry.get("value", "") for entry in container["environment"]},
        parameters=parameters,
        container=container,
        passed_through=_passed_through(merged, definition),
        retry=_retry_strategy(merged.get("retryStrategy") or {}),
        timeout_seconds=(merged.get("timeout") or {}).get("attemptDurationSeconds"),
        memory_mib=_memory_mib(container),
        depends_on=_dependencies(request),
        array_size=(request.get("arrayProperties") or {}).get("size"),
    )
    return Job(spec=spec, created_at_ms=created_at_ms)


def array_child(parent: Job, index: int, *, created_at_ms: int) -> Job:
    """Make the child of an array job with this index, `<parent id>:<index>`, which it is told.

    Sources: https://docs.aws.amazon.com/batch/latest/userguide/array_index_example.html and
    https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
    """
    spec = replace(
        parent.spec,
        job_id=f"{parent.spec.job_id}:{index}",
        environment={
            **parent.spec.environment,
            "AWS_BATCH_JOB_ARRAY_INDEX": str(index),
            "AWS_BATCH_JOB_ARRAY_SIZE": str(parent.spec.array_size),
        },
        array_size=None,
        array_index=index,
    )
    return Job(spec=spec, created_at_ms=created_at_ms)


def fill_placeholders(command: tuple[str, ...], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Replace each `Ref::name` whose name is a parameter; leave the others as they stand.

    Source: https://docs.aws.amazon.com/batch/latest/userguide/job_definition_parameters.html#parameters
    """
    if not parameters:
        return tuple(command)
    # the longest name first, so that Ref::inputs is not read as Ref::input and an s
    names = "|".join(re.escape(name) for name in sorted(parameters, key=len, reverse=True))
    placeholder = re.compile(f"Ref::({names})")
    return tuple(placeholder.sub(lambda match: parameters[match[1]], word) for word in command)


def _container(properties: Document, overrides: Document) -> Document:
    """Lay containerOverrides over containerProperties: lists merge by name or type, the rest is replaced."""
    return {
        **{name: [] for name in _EMPTY_LISTS},
        **properties,
        **overrides,
        "command": tuple(overrides.get("command") or properties.get("command") or ()),
        "environment": _merged(properties, overrides, ("environment", "name")),
        "resourceRequirements": _merged(properties, overrides, ("resourceRequirements", "type")),
    }


def _merged(properties: Document, overrides: Document, list_and_key: tuple[str, str]) -> list[Document]:
    name, key = list_and_key
    entries = [*(properties.get(name) or ()), *(overrides.get(name) or ())]
    return list({entry[key]: entry for entry in entries}.values())


def _passed_through(merged: Document, definition: Document) -> dict[str, object]:
    """What JobDetail repeats of the request and the definition; tags of the definition are not inherited."""
    shown = {name: merged[name] for name in _PASSED_THROUGH if merged.get(name) is not None}
    priority = merged.get("schedulingPriorityOverride", merged.get("schedulingPriority"))
    if priority is not None:
        shown["schedulingPriority"] = priority
    shown["platformCapabilities"] = definition.get("platformCapabilities") or ["EC2"]
    return shown


def _retry_strategy(strategy: Document) -> RetryStrategy:
    rules = tuple(
        ExitRule(
            action=rule["action"],
            on_exit_code=rule.get("onExitCode"),
            on_reason=rule.get("onReason"),
            on_status_reason=rule.get("onStatusReason"),
        )
        for rule in strategy.get("evaluateOnExit") or ()
    )
    return RetryStrategy(attempts=strategy.get("attempts", 1), rules=rules)


def _memory_mib(container: Document) -> int | None:
    memory = required(container).get("MEMORY") or container.get("memory")
    return None if memory is None else int(memory)


def _dependencies(request: Document) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(job_id=entry.get("jobId"), kind=entry.get("type"))
        for entry in request.get("dependsOn") or ()
    )
