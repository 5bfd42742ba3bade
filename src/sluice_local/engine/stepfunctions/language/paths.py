"""Paths of the Amazon States Language, as Step Functions reads them; pure.

AWS: a path that names one place fails where the place is not there; one that may name several, with a
wildcard, a slice or a filter, gives a list; several names in one pair of brackets give those of them that
are there, https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html. The syntax
and these rules are those of https://github.com/json-path/JsonPath.
"""

import ast
import copy
import functools
import json
import re
from collections.abc import Sequence
from typing import Any

import jsonpath

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_STEP = re.compile(
    rf"\.?\[\s*(?P<names>(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*)\s*\]"
    r"|\.?\[\s*(?P<index>\d+)\s*\]"
    r"|\.(?P<name>[^\s.\[\]'\"*?@(),:]+)"
)
Step = str | int | tuple[str, ...]


class MissingPathError(Exception):
    """Raised when data has nothing where a path leads; the message says from where on, as AWS does."""


def resolve(path: str, data: Any) -> Any:
    """Return what `path` names in `data`.

    Raises:
        MissingPathError: if it names one place and that is not there, or is no path.
    """
    steps = _steps(path)
    if steps is None:
        return _every(path, data)
    found = data
    for position, step in enumerate(steps):
        try:
            found = _take(step, found)
        except (KeyError, IndexError, TypeError):
            raise MissingPathError(_missing(steps, position)) from None
    return found


def put(path: str, original: Any, value: Any) -> Any:
    """Return `original` with `value` where `path` leads, as ResultPath does; objects on the way are made.

    Raises:
        MissingPathError: if something on the way is neither an object nor absent.
    """
    steps = _steps(path)
    if not steps:
        if steps is None:
            raise MissingPathError(f"{path} names more than one place")
        return value
    output = copy.deepcopy(original)
    place = output
    for position, step in enumerate(steps[:-1]):
        place = _entered(place, step, _missing(steps, position))
    if not isinstance(place, dict) or not isinstance(steps[-1], str):
        raise MissingPathError(_missing(steps, len(steps) - 1))
    place[steps[-1]] = value
    return output


def _entered(place: Any, step: Step, missing: str) -> Any:
    if not isinstance(place, dict) or not isinstance(step, str):
        raise MissingPathError(missing)
    return place.setdefault(step, {})


def _take(step: Step, data: Any) -> Any:
    if isinstance(step, tuple):
        return {name: data[name] for name in step if name in _as(dict, data)}
    return _as(dict, data)[step] if isinstance(step, str) else _as(list, data)[step]


def _as(kind: type, data: Any) -> Any:
    if not isinstance(data, kind):
        raise TypeError
    return data


def _missing(steps: Sequence[Step], position: int) -> str:
    until = "".join(f"[{step if isinstance(step, int) else _quoted(step)}]" for step in steps[: position + 1])
    return f"{'No results for path:' if position == len(steps) - 1 else 'Missing property in path'} ${until}"


def _quoted(step: str | tuple[str, ...]) -> str:
    names = (step,) if isinstance(step, str) else step
    return ",".join(f"'{name}'" for name in names)


@functools.lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[Step, ...] | None:
    """Take a path apart that names one place; None for any other."""
    steps: list[Step] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            return None
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["names"]:
        names = tuple(ast.literal_eval(each) for each in re.findall(_QUOTED, found["names"]))
        return names if len(names) > 1 else str(names[0])
    return int(found["index"]) if found["index"] else str(found["name"])


def _every(path: str, data: Any) -> list[Any]:
    try:
        return list(_compiled(path).findall(data))
    except jsonpath.JSONPathError as error:
        raise MissingPathError(f"{json.dumps(path)} is no path: {error}") from error


@functools.lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    return jsonpath.compile(path.replace(".[", "["))
