"""What a Task state may give to Batch, and what Batch is given of it; pure.

AWS: members are in PascalCase and no others are taken, those that are null are left out, numbers and truth
values become text where Batch takes text: https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
and https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html ("The field [...] is not
supported by Step Functions"). The optimised integration is checked when the state machine is made too,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

_INTEGER = re.compile(r"-?\d+")
_TRUTHS = {"true": True, "false": False}


class ArgumentsError(Exception):
    """Raised for arguments that Step Functions cannot make a request of; the message lists why."""


def recased(name: str, *, upper: bool) -> str:
    """Return a member's name in PascalCase or camelCase."""
    first = name[:1].upper() if upper else name[:1].lower()
    return first + name[1:]


def template_problems(template: Any, shape: Shape | None) -> Iterator[str]:
    """Give what is wrong with a state's Parameters or Arguments, as far as they are written out."""
    if not isinstance(template, Mapping) or shape is None:
        return  # JSONata, or a path
    yield from _missing(template, shape)
    yield from _unknown(template, shape)


def request_of(arguments: Any, shape: Shape | None) -> dict[str, Any]:
    """Return the request that arguments make.

    Raises:
        ArgumentsError: if a member is unknown, missing or of a wrong kind.
    """
    if shape is None:
        return {}
    problems = [*_missing(arguments, shape), *_unknown(arguments, shape)]
    if problems:
        raise ArgumentsError(", ".join(problems))
    request: dict[str, Any] = _converted(arguments, shape, "")
    return request


def _missing(given: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    names = {name.removesuffix(".$") for name in given}
    for member in getattr(shape, "required_members", ()):
        name = recased(member, upper=True)
        # a member in the wrong case is told as unknown
        if name not in names and member not in names:
            yield f'The field "{name}" is required but was missing'


def _unknown(given: Any, shape: Shape) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(given, Mapping):
        members = {recased(name, upper=True): member for name, member in shape.members.items()}
        for name, value in given.items():
            if name.removesuffix(".$") not in members:
                yield f'The field "{name.removesuffix(".$")}" is not supported by Step Functions'
            elif not name.endswith(".$"):
                yield from _unknown(value, members[name])
    elif isinstance(shape, ListShape) and isinstance(given, list):
        for each in given:
            yield from _unknown(each, shape.member)


def _converted(value: Any, shape: Shape, name: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {recased(member, upper=True): (member, inner) for member, inner in shape.members.items()}
        return {
            members[each][0]: _converted(inner, members[each][1], each)
            for each, inner in value.items()
            if inner is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_converted(each, shape.member, name) for each in value if each is not None]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _converted(each, shape.value, key) for key, each in value.items() if each is not None}
    return _scalar(value, shape, name)


def _scalar(value: Any, shape: Shape, name: str) -> Any:
    if isinstance(value, Mapping | list) or shape.type_name in {"structure", "list", "map"}:
        raise ArgumentsError(f"The value of the field '{name}' has an invalid format")
    if shape.type_name == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if shape.type_name == "boolean" and str(value).lower() in _TRUTHS:
        return _TRUTHS[str(value).lower()]
    if shape.type_name in {"integer", "long"} and _INTEGER.fullmatch(str(value)):
        return int(value)
    if (
        shape.type_name in {"float", "double"}
        and isinstance(value, int | float)
        and not isinstance(value, bool)
    ):
        return value
    raise ArgumentsError(f"The value of the field '{name}' has an invalid format")
