"""Numbers, times and paths of a state.

Sources: https://states-language.net/spec.html, and for the largest numbers
https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html (TimeoutSeconds, HeartbeatSeconds),
https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html (Seconds).
"""

import re
from collections.abc import Mapping
from typing import Any

from sluice_local.states_language.problems import JSONATA, Problem, Problems, State, is_expression

MOST_SECONDS = 99_999_999
Range = tuple[int, int | None]
_RANGES: Mapping[str, Range] = {
    "TimeoutSeconds": (1, MOST_SECONDS),
    "HeartbeatSeconds": (1, MOST_SECONDS),
    "Seconds": (0, MOST_SECONDS),
    "MaxConcurrency": (0, None),
    "ToleratedFailureCount": (0, None),
    "ToleratedFailurePercentage": (0, 100),
}
_FRACTIONS = {"ToleratedFailurePercentage", "BackoffRate"}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
# what makes of a path one that may name several nodes, or none
_NO_REFERENCE = re.compile(r"\.\.|\[\s*(\*|\?|[^'\"\]]*[:,])|@|\.\*")


def amount_problems(state: State) -> Problems:
    """Give the numbers that are out of range, the times that are none, and the paths that lead nowhere."""
    may_be_expression = state.language == JSONATA
    for name, limits in _RANGES.items():
        if name in state.body and not (may_be_expression and is_expression(state.body[name])):
            yield from number_problems(state.body, name, limits, state.place)
    yield from _heartbeat(state)
    if state.kind == "Wait":
        yield from _wait(state)
    yield from path_problems(state.body, state.place)


def number_problems(body: Mapping[str, Any], name: str, limits: Range, place: str) -> Problems:
    """Give what is wrong with one number."""
    least, most = limits
    value, here = body[name], f"{place}/{name}"
    kinds = (int, float) if name in _FRACTIONS else (int,)
    if not isinstance(value, kinds) or isinstance(value, bool):
        yield Problem(f"Expected value of type {'Number' if len(kinds) > 1 else 'Integer'}", here)
    elif value < least:
        yield Problem(f"Minimum value is {least}", here)
    elif most is not None and value > most:
        yield Problem(f"Maximum value is {most}", here)


def _heartbeat(state: State) -> Problems:
    heartbeat, timeout = state.body.get("HeartbeatSeconds"), state.body.get("TimeoutSeconds")
    if isinstance(heartbeat, int) and isinstance(timeout, int) and heartbeat >= timeout:
        yield Problem(
            f"HeartbeatSeconds, {heartbeat}, must be smaller than TimeoutSeconds, {timeout}", state.place
        )


def _wait(state: State) -> Problems:
    given = [name for name in _WAITS if name in state.body]
    if len(given) != 1:
        yield Problem(f"There must be exactly one of the following fields: {list(_WAITS)}", state.place)
    timestamp = state.body.get("Timestamp")
    if isinstance(timestamp, str) and not is_expression(timestamp) and not _TIMESTAMP.fullmatch(timestamp):
        yield Problem("Value is not a timestamp as of RFC 3339", f"{state.place}/Timestamp")


def path_problems(body: Mapping[str, Any], place: str) -> Problems:
    """Give the fields that must be paths and are not."""
    for name, value in body.items():
        if not name.endswith("Path") or (value is None and name in {"InputPath", "OutputPath", "ResultPath"}):
            continue
        here = f"{place}/{name}"
        if name in {"ErrorPath", "CausePath"} and str(value).startswith("States."):
            continue  # an intrinsic function
        if not isinstance(value, str) or not value.startswith("$"):
            yield Problem(f"Value {value!r} is not a Path: it must begin with '$'", here)
        elif name not in {"InputPath", "OutputPath"} and not is_reference_path(value):
            yield Problem(f"Value {value!r} is not a Reference Path", here)
        elif name == "ResultPath" and value.startswith("$$"):
            yield Problem(f"Value {value!r} is not a Reference Path: the Context Object is read only", here)


def is_reference_path(path: str) -> bool:
    """Tell whether a path names one node: no wildcard, no slice, no filter.

    https://states-language.net/spec.html#ref-paths
    """
    return _NO_REFERENCE.search(path) is None
