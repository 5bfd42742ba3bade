"""The rules of Choice states.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from collections.abc import Mapping
from typing import Any

from sluice_local.states_language.fields import of_other_language, of_wrong_kind, unknown
from sluice_local.states_language.problems import JSONATA, Problem, Problems, State, is_expression

_COMPARISONS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_KINDS: Mapping[str, tuple[type, ...]] = {
    **{f"{kind}{how}": (str,) for kind in ("String", "Timestamp") for how in _COMPARISONS},
    **{f"Numeric{how}": (int, float) for how in _COMPARISONS},
    "BooleanEquals": (bool,),
    "StringMatches": (str,),
    **{f"Is{kind}": (bool,) for kind in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp")},
}
_WITH_PATHS = frozenset(name for name in _KINDS if name != "StringMatches" and not name.startswith("Is"))
_OPERATORS: Mapping[str, tuple[type, ...]] = {**_KINDS, **{f"{name}Path": (str,) for name in _WITH_PATHS}}
_TOGETHER = ("And", "Or")
_TOP = {"Next", "Assign", "Comment"}


def choice_problems(state: State) -> Problems:
    """Give what is wrong with a Choice state's rules."""
    rules, place = state.body.get("Choices"), f"{state.place}/Choices"
    if not isinstance(rules, list) or not rules:
        yield Problem("A list of at least one rule is needed", place)
        return
    for number, rule in enumerate(rules):
        here = f"{place}[{number}]"
        if not isinstance(rule, Mapping):
            yield Problem("Expected value of type Object", here)
            continue
        if "Next" not in rule:
            yield Problem("Missing field 'Next'", here)
        yield from of_wrong_kind(rule, here)
        yield from _condition(rule, here) if state.language == JSONATA else _rule(rule, here, _TOP)


def _condition(rule: Mapping[str, Any], place: str) -> Problems:
    yield from unknown(rule, {"Condition", "Output", *_TOP}, place)
    condition = rule.get("Condition")
    if not isinstance(condition, bool) and not is_expression(condition):
        yield Problem("Condition must be a JSONata expression, or true or false", f"{place}/Condition")


def _rule(rule: Mapping[str, Any], place: str, more: set[str]) -> Problems:
    operators = [name for name in rule if name in _OPERATORS or name in {*_TOGETHER, "Not"}]
    yield from of_other_language(State(rule, place, "JSONPath"))
    yield from unknown(rule, {"Variable", "Condition", *operators, *more}, place)
    if len(operators) != 1:
        yield Problem("Exactly one comparison is needed", place)
        return
    (operator,) = operators
    if operator in _TOGETHER:
        yield from _nested(rule[operator], f"{place}/{operator}")
    elif operator == "Not":
        yield from _nested([rule[operator]], f"{place}/{operator}")
    else:
        yield from _comparison(rule, operator, place)


def _nested(rules: Any, place: str) -> Problems:
    if not isinstance(rules, list) or not rules:
        yield Problem("A list of at least one rule is needed", place)
        return
    for number, rule in enumerate(rules):
        here = f"{place}[{number}]"
        if isinstance(rule, Mapping):
            yield from _rule(rule, here, {"Comment"})
        else:
            yield Problem("Expected value of type Object", here)


def _comparison(rule: Mapping[str, Any], operator: str, place: str) -> Problems:
    variable, value = rule.get("Variable"), rule[operator]
    if not isinstance(variable, str) or not variable.startswith("$"):
        yield Problem(f"Variable is {variable!r}; a Path is needed, which begins with '$'", place)
    kinds = _OPERATORS[operator]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield Problem(f"Expected value of type {kinds[-1].__name__}", f"{place}/{operator}")
    elif operator.endswith("Path") and not str(value).startswith("$"):
        yield Problem(f"Value {value!r} is not a Path: it must begin with '$'", f"{place}/{operator}")
