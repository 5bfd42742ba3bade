"""Metric math, with the examples of AWS's own page.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.alarms.expressions import Scope, evaluate
from sluice_local.alarms.parsing import ExpressionError, names, parse

if TYPE_CHECKING:
    from sluice_local.alarms.series import Series, Value

GAP = None


def given(expression: str, **metrics: Series) -> Value:
    """What an expression gives for these metrics, of a minute a period."""
    length = len(next(iter(metrics.values()))) if metrics else 3
    return evaluate(parse(expression), Scope(metrics, {}, 60, length))


COMPARED: dict[str, Series] = {"metric1": (30, 20, 0, 0), "metric2": (20, GAP, 20, GAP)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("metric1 < metric2", (0, 0, 1, 0)),
        ("metric1 >= 30", (1, 0, 0, 0)),
        ("metric1 > 15 AND metric2 > 15", (1, 0, 0, 0)),
        ("metric1 > 15 && metric2 > 15", (1, 0, 0, 0)),
        ("metric1 > 25 OR metric2 > 15", (1, 0, 1, 0)),
        ("metric2 == 20", (1, GAP, 1, GAP)),
        ("metric1 != 20", (1, 0, 1, 1)),
    ],
)
def test_comparisons_count_a_missing_point_as_zero(expression: str, expected: Series) -> None:
    assert given(expression, **COMPARED) == expected


CHOICE: dict[str, Series] = {
    "metric1": (1, 1, 0, 0, GAP),
    "metric2": (30, GAP, 0, 0, 30),
    "metric3": (0, 0, 20, GAP, 20),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", (30, 0, 20, GAP, GAP)),
        ("IF(metric1, 5, metric3)", (5, 5, 20, GAP, GAP)),
        ("IF(metric1, metric2, 5)", (30, 0, 5, 5, GAP)),
        ("IF(metric1, 5)", (5, 5, GAP, GAP, GAP)),
        ("IF(0 < 1, metric2, 7)", (30, GAP, 0, 0, 30)),
        ("IF(1 < 0, metric2)", (GAP, GAP, GAP, GAP, GAP)),
    ],
)
def test_if_chooses_point_by_point(expression: str, expected: Series) -> None:
    assert given(expression, **CHOICE) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("FILL(m, 0)", (0, 2, 0, 8, 0)),
        ("FILL(m, REPEAT)", (GAP, 2, 2, 8, 8)),
        ("FILL(m, LINEAR)", (GAP, 2, 5, 8, GAP)),
        ("FILL(m, other)", (1, 2, 3, 8, GAP)),
        ("FILL(m, MAX(m))", (8, 2, 8, 8, 8)),
        ("FILL(IF(m > 5, 1), REPEAT)", (GAP, GAP, GAP, 1, 1)),
    ],
)
def test_fill_gives_missing_points_a_value(expression: str, expected: Series) -> None:
    assert given(expression, m=(GAP, 2.0, GAP, 8.0, GAP), other=(1, 1, 3, 4, GAP)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", (3, 4, GAP)),
        ("a - 1", (0, GAP, GAP)),
        ("-a", (-1, GAP, GAP)),
        ("2 * a ^ 2 + 1", (3, GAP, GAP)),
        ("8 / (a + b)", (8 / 3, 2, GAP)),
        ("a / (b - b)", (GAP, GAP, GAP)),
        ("SUM(METRICS())", (3, 4, GAP)),
        ("AVG([a, b])", (1.5, 2, GAP)),
        ("MIN([a, b])", (1, 4, GAP)),
        ("MAX([a, b])", (2, 4, GAP)),
        ('SUM(METRICS("b"))', (2, 4, GAP)),
        ("b / SUM(b)", (2 / 6, 4 / 6, GAP)),
        ("b / PERIOD(b)", (2 / 60, 4 / 60, GAP)),
        ("b * METRIC_COUNT(METRICS())", (4, 8, GAP)),
        ("RUNNING_SUM(b)", (2, 6, GAP)),
        ("DIFF(b)", (GAP, 2, GAP)),
        ("TIME_SERIES(.5)", (0.5, 0.5, 0.5)),
        ("ABS(a - b)", (1, 4, GAP)),
        ("CEIL(b / 3) + FLOOR(b / 3)", (1, 3, GAP)),
        ("FIRST([a, b])", None),
    ],
)
def test_arithmetic_and_functions(expression: str, expected: Series | None) -> None:
    of: dict[str, Series] = {"a": (1.0, GAP, GAP), "b": (2.0, 4.0, GAP)}
    if expected is None:
        with pytest.raises(ExpressionError, match="FIRST with these arguments is not known"):
            given(expression, **of)
    else:
        assert given(expression, **of) == pytest.approx(expected)


def test_what_goes_through_several_series_gives_several() -> None:
    of: dict[str, Series] = {"a": (1.0, GAP), "b": (2.0, 4.0)}
    assert given("METRICS() * 100", **of) == [(100, GAP), (200, 400)]
    assert given("1 - FILL(METRICS(), 0)", **of) == [(0, 1), (-1, -3)]


@pytest.mark.parametrize(
    "expression",
    [
        *("", "a +", "a b", "(a", "[a", "SUM(a,)", "a $ 1", "unknown", '"a"', "1 / 0", "sum(a)", "SUM(5)"),
        *(
            "IF(1, 2, 3)",
            "IF(a, 1, 2, 3)",
            "IF(METRICS(), 1)",
            "FILL(a, [a, a])",
            "TIME_SERIES(a)",
            "METRICS(a)",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        given(expression, a=(1.0, 2.0))


def test_the_names_in_an_expression_are_found() -> None:
    found = names(parse('IF(-a < 2 AND FILL(b, REPEAT), [c, 1], SUM(METRICS("d")))'))
    assert found == {"a", "b", "c", "REPEAT"}
