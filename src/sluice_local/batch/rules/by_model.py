"""What Batch's own service model refuses: members of the wrong kind, missing ones, lengths, unknown words.

botocore's copy of the model is followed, https://docs.aws.amazon.com/batch/latest/APIReference/Welcome.html;
members that are null count as left out, and unknown ones are passed over, as Batch does.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from sluice_local.batch.model import RequestRefusedError

_KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": Mapping,
    "map": Mapping,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
# https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html: "not case sensitive"
_IN_ANY_CASE = {"RetryAction"}


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of Batch."""
    return ServiceModel(botocore.loaders.Loader().load_service_model("batch", "service-2"))


def without_nulls(value: Any) -> Any:
    """Return a request without the members that are null."""
    if isinstance(value, Mapping):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(each) for each in value]
    return value


def check_by_model(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request, whose nulls were taken out, that the model of its operation does not allow.

    An operation that is newer than the installed botocore is not checked.

    Raises:
        RequestRefusedError: the message names every member and what is allowed.
    """
    model = service_model()
    shape = model.operation_model(operation).input_shape if operation in model.operation_names else None
    problems = list(_problems(request, shape, "")) if shape is not None else []
    if problems:
        raise RequestRefusedError(f"{'; '.join(problems)}")


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
    if shape.type_name not in {"string", "list", "map"}:
        return
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    if len(value) < least and shape.type_name == "string":
        yield f"{path} is empty; at least {least} characters are needed"
    if most is not None and len(value) > most:
        yield f"{path} has a length of {len(value)}; at most {most} are allowed"
