"""Rules of Choice states in JSONPath; pure.

AWS: a rule compares a variable with a value, or with what a path names; values of the wrong type do not
match; a variable that is not there ends the execution with States.Runtime, unless the rule is IsPresent,
https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html#amazon-states-language-choice-state-rules.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sluice_local.engine.stepfunctions.language.paths import MissingPathError

Rule = Mapping[str, Any]
Lookup = Callable[[str], Any]

_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_COMPARISON = re.compile(rf"(String|Numeric|Boolean|Timestamp)({'|'.join(_RELATIONS)})(Path)?")
# a star that a backslash stands before is a star
_PATTERN = re.compile(r"\\[\\*]|\*|[^*\\]+|\\")


class ChoicePathError(Exception):
    """Raised when a rule's path leads nowhere."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        )


def matches(rule: Rule, look_up: Lookup) -> bool:
    """Tell whether a rule holds; `look_up` gives what a path names, or raises MissingPathError.

    Raises:
        ChoicePathError: if a path of the rule leads nowhere.
    """
    if "And" in rule:
        return all(matches(each, look_up) for each in rule["And"])
    if "Or" in rule:
        return any(matches(each, look_up) for each in rule["Or"])
    if "Not" in rule:
        return not matches(rule["Not"], look_up)
    if "IsPresent" in rule:
        return _is_present(rule["Variable"], look_up) is rule["IsPresent"]
    value = _value(rule["Variable"], look_up)
    return all(_holds(name, wanted, value, look_up) for name, wanted in rule.items())


def _holds(name: str, wanted: Any, value: Any, look_up: Lookup) -> bool:
    """Tell whether one field of a rule holds; those that compare nothing do."""
    if name in _TYPES:
        return _TYPES[name](value) is wanted
    if name == "StringMatches":
        return isinstance(value, str) and _pattern(wanted).fullmatch(value) is not None
    comparison = _COMPARISON.fullmatch(name)
    if comparison is None:
        return True
    kind, relation, by_path = comparison.groups()
    other = _value(wanted, look_up) if by_path else wanted
    left, right = _comparable(kind, value), _comparable(kind, other)
    return left is not None and right is not None and _RELATIONS[relation](left, right)


def _is_present(path: str, look_up: Lookup) -> bool:
    try:
        look_up(path)
    except MissingPathError:
        return False
    return True


def _value(path: str, look_up: Lookup) -> Any:
    try:
        return look_up(path)
    except MissingPathError:
        raise ChoicePathError(path) from None


def _comparable(kind: str, value: Any) -> Any:
    """Return what stands for a value in a comparison of this kind; None if it is of another type."""
    if kind == "Timestamp":
        return _timestamp(value)
    return value if _TYPES[f"Is{kind}"](value) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _timestamp(value: Any) -> datetime | None:
    """Read an RFC 3339 timestamp as https://states-language.net/spec.html#timestamps profiles it."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _pattern(text: str) -> re.Pattern[str]:
    parts = (
        ".*" if part == "*" else re.escape(part.removeprefix("\\") or part) for part in _PATTERN.findall(text)
    )
    return re.compile("".join(parts), re.DOTALL)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": _is_number,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _timestamp(value) is not None,
}
