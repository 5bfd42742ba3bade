"""Paths and rules that fail where AWS fails.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html says: States.Runtime is
"often caused by errors at runtime, such as attempting to apply InputPath or OutputPath on a null JSON
payload", that it is not retriable and that States.ALL does not catch it; the wording of the causes is that of
executions on AWS. https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html names
States.IntrinsicFailure, https://states-language.net/spec.html#errors States.ResultPathMatchFailure.

MiniStack 1.5.33: a path that leads nowhere is null; several names in brackets, slices and filters are not
read; a Choice on a missing variable goes on with the next rule, and half of the comparisons with a path never
match; templates in lists of lists are not filled in; ResultSelector has no context object; States.ALL catches
everything.

Fixed by putting `paths` and `choices` in the place of MiniStack's functions.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.language.choices import ChoicePathError, matches
from sluice_local.engine.stepfunctions.language.paths import MissingPathError, put, resolve

_CONTEXT = ("Execution", "Map", "State", "StateMachine", "Task")
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html: a cause's length
_INPUT_SHOWN = 16_384
_NEVER_CAUGHT_BY_ALL = {"States.Runtime", "States.DataLimitExceeded"}


def install() -> None:
    """Replace what reads paths, fills templates, compares and matches errors."""
    functions = {
        "_resolve_path": _resolve_path,
        "_resolve_ctx_path": lambda path, context: _resolve_path(path, {}, context),
        "_resolve_path_or_ctx": _resolve_path,
        "_resolve_params_obj": _fill,
        "_apply_result_path_raw": _put,
        "_evaluate_rule": _evaluate_rule,
    }
    for name, function in functions.items():
        ministack.replace(f"services.stepfunctions.{name}", function)
    ministack.wrap("services.stepfunctions._evaluate_intrinsic", _failing_as_named)
    ministack.wrap("services.stepfunctions._error_matches", _runtime_errors_apart)
    ministack.wrap("services.stepfunctions._fail_state_field", _possibly_absent)


def runtime_error(detail: str) -> Exception:
    """Return the failure of a state that could not be run."""
    return failure("States.Runtime", detail)


def failure(error: str | None, cause: str | None) -> Exception:
    """Return a failure of a state as MiniStack raises it."""
    made: Exception = ministack.private("services.stepfunctions._ExecutionError")(error, cause)
    return made


def _resolve_path(path: str, data: Any, context: Mapping[str, Any] | None = None) -> Any:
    try:
        return _look_up(path, data, context)
    except MissingPathError as missing:
        raise runtime_error(f"Invalid path '{path}' : {missing}") from missing


def _look_up(path: str, data: Any, context: Mapping[str, Any] | None) -> Any:
    """Return what a path names; `$$` is the context object.

    Raises:
        MissingPathError: if it leads nowhere.
    """
    if path.startswith("$$"):
        known = context or {}
        return resolve(path[1:], {name: known[name] for name in _CONTEXT if name in known})
    return resolve(path, data) if path.startswith("$") else data


def _fill(template: Any, data: Any, context: Mapping[str, Any] | None = None) -> Any:
    """Fill in a payload template: fields whose names end in `.$` hold paths or intrinsic functions."""
    if isinstance(template, list):
        return [_fill(each, data, context) for each in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): (_filled if key.endswith(".$") else _fill_field)(key, value, data, context)
        for key, value in template.items()
    }


def _fill_field(_key: str, value: Any, data: Any, context: Mapping[str, Any] | None) -> Any:
    return _fill(value, data, context)


def _filled(key: str, value: Any, data: Any, context: Mapping[str, Any] | None) -> Any:
    if not isinstance(value, str):
        raise runtime_error(f"The value for the field '{key}' must be a STRING that contains a JSONPath.")
    if value.startswith("States."):
        return ministack.private("services.stepfunctions._evaluate_intrinsic")(value, data, context)
    try:
        return _look_up(value, data, context)
    except MissingPathError as missing:
        shown = json.dumps(data)[:_INPUT_SHOWN]
        raise runtime_error(
            f"The JSONPath '{value}' specified for the field '{key}' could not be found in the input "
            f"'{shown}'"
        ) from missing


def _put(path: str | None, original: Any, result: Any) -> Any:
    if path is None:
        return original
    try:
        return put(path, original, result)
    except MissingPathError as missing:
        raise failure(
            "States.ResultPathMatchFailure", f"Unable to apply ReferencePath {path} to the input: {missing}"
        ) from missing


def _evaluate_rule(rule: dict[str, Any], data: Any, context: Mapping[str, Any] | None = None) -> bool:
    try:
        return matches(rule, lambda path: _look_up(path, data, context))
    except ChoicePathError as error:
        raise runtime_error(str(error)) from error


def _failing_as_named(evaluate: Private) -> Private:
    @functools.wraps(evaluate)
    def evaluate_intrinsic(expression: str, data: Any, context: Any) -> Any:
        try:
            return evaluate(expression, data, context)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise failure("States.IntrinsicFailure", f"{expression} failed: {error}") from error

    return evaluate_intrinsic


def _runtime_errors_apart(error_matches: Private) -> Private:
    """States.ALL and States.TaskFailed match no error of the runtime; a list may name it."""

    @functools.wraps(error_matches)
    def match(error_equals: list[str], error: str | None) -> bool:
        if error in _NEVER_CAUGHT_BY_ALL:
            return error == "States.DataLimitExceeded" and error in error_equals
        return bool(error_matches(error_equals, error or ""))

    return match


def _possibly_absent(fail_state_field: Private) -> Private:
    """A Fail state may have neither Error nor Cause; MiniStack gives it names of its own."""

    @functools.wraps(fail_state_field)
    def field(state: dict[str, Any], name: str, _default: str, raw_input: Any, context: Any) -> Any:
        return fail_state_field(state, name, None, raw_input, context)

    return field
