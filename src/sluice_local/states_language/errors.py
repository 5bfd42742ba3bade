"""Retriers and catchers.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and
https://states-language.net/spec.html#errors
"""

from collections.abc import Mapping
from typing import Any

from sluice_local.states_language.amounts import MOST_SECONDS, Range, number_problems, path_problems
from sluice_local.states_language.fields import of_other_language, of_wrong_kind, unknown
from sluice_local.states_language.problems import Problem, Problems, State

ALL = "States.ALL"
MOST_DELAY_SECONDS = 31_622_400
_RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
_CATCHER = {"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}
_RANGES: Mapping[str, Range] = {
    "IntervalSeconds": (1, MOST_SECONDS),
    "MaxAttempts": (0, MOST_SECONDS),
    "BackoffRate": (1, None),
    "MaxDelaySeconds": (1, MOST_DELAY_SECONDS),
}
_JITTER = ("FULL", "NONE")


def error_problems(state: State) -> Problems:
    """Give what is wrong with a state's Retry and Catch."""
    for field, known in (("Retry", _RETRIER), ("Catch", _CATCHER)):
        handlers = state.body.get(field)
        place = f"{state.place}/{field}"
        if handlers is not None and not isinstance(handlers, list):
            yield Problem("Expected value of type Array", place)
            continue
        for number, handler in enumerate(handlers or ()):
            here = f"{place}[{number}]"
            if not isinstance(handler, Mapping):
                yield Problem("Expected value of type Object", here)
                continue
            yield from unknown(handler, known, here)
            yield from _names(handler, here, is_last=number == len(handlers or ()) - 1)
            yield from of_other_language(State(handler, here, state.language))
            yield from _retrier(handler, here) if field == "Retry" else _catcher(handler, here)


def _names(handler: Mapping[str, Any], place: str, *, is_last: bool) -> Problems:
    names, here = handler.get("ErrorEquals"), f"{place}/ErrorEquals"
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield Problem("A list of errors is needed", here)
    elif not names:
        yield Problem("At least one error is needed", here)
    elif ALL in names and (len(names) > 1 or not is_last):
        yield Problem(f"{ALL} must be the only error, and in the last of the list", here)


def _retrier(retrier: Mapping[str, Any], place: str) -> Problems:
    for name, limits in _RANGES.items():
        if name in retrier:
            yield from number_problems(retrier, name, limits, place)
    interval, most = retrier.get("IntervalSeconds", 1), retrier.get("MaxDelaySeconds")
    if isinstance(most, int) and isinstance(interval, int) and most <= interval:
        yield Problem(
            f"MaxDelaySeconds, {most}, must be larger than IntervalSeconds, {interval}",
            f"{place}/MaxDelaySeconds",
        )
    if retrier.get("JitterStrategy", "NONE") not in _JITTER:
        yield Problem(f"Value is not one of {list(_JITTER)}", f"{place}/JitterStrategy")


def _catcher(catcher: Mapping[str, Any], place: str) -> Problems:
    if "Next" not in catcher:
        yield Problem("Missing field 'Next'", place)
    yield from of_wrong_kind(catcher, place)
    yield from path_problems(catcher, place)
