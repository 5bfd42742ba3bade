"""Rules of Choice states."""

from typing import Any

import pytest

from sluice_local.engine.stepfunctions.language.choices import ChoicePathError, matches
from sluice_local.engine.stepfunctions.language.paths import resolve

DATA = {
    "n": 5,
    "m": 6,
    "s": "Host EC2 (instance i-0a) terminated.",
    "t": "2026-01-02T03:04:05Z",
    "b": True,
    "z": None,
}


def holds(**rule: Any) -> bool:
    return matches(rule, lambda path: resolve(path, DATA))


@pytest.mark.parametrize(
    ("variable", "comparison", "value"),
    [
        ("$.n", "NumericEquals", 5),
        ("$.n", "NumericLessThan", 5.5),
        ("$.n", "NumericLessThanPath", "$.m"),
        ("$.m", "NumericGreaterThanEqualsPath", "$.n"),
        ("$.s", "StringMatches", "Host EC2 (instance i-*) terminated."),
        ("$.s", "StringGreaterThan", "Host"),
        ("$.s", "StringEqualsPath", "$.s"),
        ("$.s", "StringLessThanEqualsPath", "$.s"),
        ("$.t", "TimestampEquals", "2026-01-02T04:04:05+01:00"),
        ("$.t", "TimestampLessThanPath", "$.t2"),
        ("$.b", "BooleanEquals", True),
        ("$.b", "BooleanEqualsPath", "$.b"),
        ("$.z", "IsNull", True),
        ("$.z", "IsPresent", True),
        ("$.gone", "IsPresent", False),
        ("$.b", "IsNumeric", False),
        ("$.n", "IsNumeric", True),
        ("$.t", "IsTimestamp", True),
        ("$.s", "IsString", True),
        ("$.b", "IsBoolean", True),
    ],
)
def test_a_rule_holds(variable: str, comparison: str, value: Any) -> None:
    data = {**DATA, "t2": "2026-01-02T03:04:06Z"}
    assert matches({"Variable": variable, comparison: value, "Next": "A"}, lambda path: resolve(path, data))


@pytest.mark.parametrize(
    ("variable", "comparison", "value"),
    [
        ("$.n", "StringEquals", "5"),
        ("$.s", "NumericEquals", 5),
        ("$.b", "NumericEquals", 1),
        ("$.n", "NumericEqualsPath", "$.s"),
        ("$.s", "StringMatches", "Host"),
        ("$.s", "TimestampEquals", "2026-01-02T03:04:05Z"),
        ("$.z", "BooleanEquals", False),
        ("$.z", "IsPresent", False),
    ],
)
def test_values_of_another_type_do_not_match(variable: str, comparison: str, value: Any) -> None:
    assert not holds(Variable=variable, **{comparison: value})


def test_a_star_that_a_backslash_stands_before_is_a_star() -> None:
    def match(pattern: str, text: str) -> bool:
        return matches({"Variable": "$", "StringMatches": pattern}, lambda _: text)

    assert match("a\\*b", "a*b")
    assert not match("a\\*b", "axb")
    assert match("a\\\\*", "a\\b")
    assert match("*\n*", "two\nlines")


def test_rules_are_joined() -> None:
    five, six = {"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.n", "NumericEquals": 6}
    assert holds(And=[five, {"Not": six}], Or=[six])
    assert holds(Or=[six, five])
    assert not holds(And=[five, six])


@pytest.mark.parametrize(
    "comparison", ["NumericEquals", "StringEquals", "IsNull", "IsString", "NumericLessThanPath"]
)
def test_a_variable_that_is_not_there_is_an_error(comparison: str) -> None:
    with pytest.raises(ChoicePathError, match=r"Invalid path '\$\.gone': The choice state's condition path"):
        holds(Variable="$.gone", **{comparison: "$.n"})


def test_what_it_is_compared_with_has_to_be_there_too() -> None:
    with pytest.raises(ChoicePathError, match="gone"):
        holds(Variable="$.n", NumericEqualsPath="$.gone")


def test_a_rule_that_is_not_reached_is_not_read() -> None:
    guarded = [{"Variable": "$.gone", "IsPresent": True}, {"Variable": "$.gone", "NumericEquals": 1}]
    assert not holds(And=guarded)
