"""What AWS's own service models refuse: missing members, wrong kinds, lengths, ranges, words and patterns.

botocore's copy of the models is followed, https://github.com/boto/botocore/tree/develop/botocore/data, so
that an operation has the limits of its API reference without a rule of its own. Unknown members are passed
over, as AWS does.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

_KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": Mapping,
    "map": Mapping,
    "list": list,
    "string": str,
    "blob": str,
    "timestamp": (str, int, float),
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
_SIZED = {"string", "list", "map"}
_NUMBERS = {"integer", "long", "float", "double"}
# https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html: "not case sensitive"
_IN_ANY_CASE = {"RetryAction"}
_UNICODE_CLASSES = {r"\p{ASCII}": r"\x00-\x7f"}


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, such as `batch`."""
    return ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"))


def without_nulls(value: Any) -> Any:
    """Return a request without the members that are null."""
    if isinstance(value, Mapping):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(each) for each in value]
    return value


def request_problems(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return what the model does not allow in a request whose nulls were taken out, each with its member.

    An operation that is newer than the installed botocore is not checked.
    """
    model = service_model(service)
    shape = model.operation_model(operation).input_shape if operation in model.operation_names else None
    return [] if shape is None else list(_problems(request, shape, ""))


def _problems(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if not _is_of_kind(value, shape):
        yield f"{path or 'the request'} is {value!r}; it must be of type {shape.type_name}"
        return
    yield from _limits(value, shape, path)
    if isinstance(shape, StructureShape):
        yield from _of_structure(value, shape, path)
    elif isinstance(shape, ListShape):
        for number, each in enumerate(value):
            yield from _problems(each, shape.member, f"{path}[{number}]")
    elif isinstance(shape, MapShape):
        for name, each in value.items():
            yield from _problems(name, shape.key, f"the key {name!r} of {path}")
            yield from _problems(each, shape.value, f"{path}.{name}")


def _is_of_kind(value: Any, shape: Shape) -> bool:
    is_truth = isinstance(value, bool)
    return isinstance(value, _KINDS[shape.type_name]) and is_truth == (shape.type_name == "boolean")


def _of_structure(value: Mapping[str, Any], shape: StructureShape, path: str) -> Iterator[str]:
    before = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            yield f"{before}{name} is missing"
    for name, each in value.items():
        if name in shape.members:
            yield from _problems(each, shape.members[name], f"{before}{name}")


def _limits(value: Any, shape: Shape, path: str) -> Iterator[str]:
    words = getattr(shape, "enum", None)
    if words:
        given = value.upper() if shape.name in _IN_ANY_CASE else value
        if given not in words:
            yield f"{path} is {value!r}; {', '.join(words)} are allowed"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in _SIZED:
        # AWS takes an empty map for one that is left out: snakemake's plugin gives `tags` so
        yield from _length(value, None if shape.type_name == "map" else least, most, path)
    elif shape.type_name in _NUMBERS and not _is_within(value, least, most):
        yield f"{path} is {value}; {_range(least, most)} allowed"
    pattern = _compiled(shape.metadata.get("pattern")) if shape.type_name == "string" else None
    if pattern is not None and pattern.fullmatch(value) is None:
        yield f"{path} is {value!r}; it must match {pattern.pattern}"


def _length(value: Any, least: int | None, most: int | None, path: str) -> Iterator[str]:
    if least is not None and len(value) < least:
        needed = f"{least} character{'s' * (least > 1)}" if isinstance(value, str) else f"{least}"
        told = "is empty" if not value else f"has a length of {len(value)}"
        yield f"{path} {told}; at least {needed} {'is' if least == 1 else 'are'} needed"
    if most is not None and len(value) > most:
        yield f"{path} has a length of {len(value)}; at most {most} are allowed"


def _is_within(value: float, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _range(least: int | None, most: int | None) -> str:
    if least is None or most is None:
        return f"at most {most} is" if least is None else f"at least {least} is"
    return f"{least} to {most} are"


@cache
def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    """A model's pattern, which is one of Java; None where Python reads it otherwise."""
    if pattern is None:
        return None
    for there, here in _UNICODE_CLASSES.items():
        pattern = pattern.replace(there, f"[{here}]")
    try:
        return re.compile(pattern)
    except re.error:
        return None
