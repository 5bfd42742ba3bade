"""Series of values, one a period, and what metric math does to them point by point.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Final

from sluice_local.alarms.parsing import ExpressionError

Point = float | None
"""None where a period has no data."""

Series = tuple[Point, ...]
"""The oldest period first."""

Value = float | Series | list[Series]
"""What an expression gives: a number, a series, or an array of series."""

_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
_TRUTH: Final[dict[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "AND": lambda left, right: bool(left) and bool(right),
    "OR": lambda left, right: bool(left) or bool(right),
}


def combined(sign: str, left: Value, right: Value) -> Value:
    """Return what an operator makes of two operands.

    Where only one of two series has a point, the other counts as 0. What would be divided by 0 is dropped.
    """
    if isinstance(left, list):
        return [_as_series(combined(sign, each, right)) for each in left]
    if isinstance(right, list):
        return [_as_series(combined(sign, left, each)) for each in right]
    if isinstance(left, float) and isinstance(right, float):
        result = _of_points(sign, left, right)
        if result is None:
            raise ExpressionError("A number was divided by 0.")
        return result
    length = len(left) if isinstance(left, tuple) else len(_as_series(right))
    pairs = zip(_repeated(left, length), _repeated(right, length), strict=True)
    if isinstance(left, float) or isinstance(right, float):
        return tuple(None if None in pair else _of_points(sign, *pair) for pair in pairs)
    return tuple(None if pair == (None, None) else _of_points(sign, *pair) for pair in pairs)


def chosen(condition: Value, if_true: Value, if_false: Value | None) -> Series:
    """Return what IF makes of its arguments.

    A point whose condition is missing is dropped, and so is a false one without another value; a true one
    whose series has no point is 0.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-IF-expressions
    """
    lengths = {len(each) for each in (condition, if_true, if_false) if isinstance(each, tuple)}
    if len(lengths) != 1:
        raise ExpressionError("IF needs a series among its arguments, and takes no array of series.")
    length = lengths.pop()
    otherwise = (None,) * length if if_false is None else _repeated(if_false, length)
    true_points = _repeated(if_true, length)
    if isinstance(condition, float):
        return true_points if condition else otherwise
    points = zip(_as_series(condition), true_points, otherwise, strict=True)
    return tuple(None if when is None else (yes or 0.0) if when else no for when, yes, no in points)


def filled(series: Series, filler: "Value | str") -> Series:
    """Return the series with its missing points filled: by a number, another series, REPEAT or LINEAR.

    REPEAT takes the last point before; LINEAR goes straight from there to the next. Both leave what comes
    before the first point, and LINEAR also what comes after the last.
    """
    if filler == "REPEAT":
        return tuple(accumulate(series, lambda last, point: last if point is None else point))
    if filler == "LINEAR":
        return _interpolated(series)
    if isinstance(filler, str | list):
        raise ExpressionError(f"FILL takes a number, a series, REPEAT or LINEAR, not {filler!r}.")
    fillers = _repeated(filler, len(series))
    return tuple(other if point is None else point for point, other in zip(series, fillers, strict=True))


def across(series: Sequence[Series], summed_up: Callable[[list[float], int], float]) -> Series:
    """Return what each period's points of several series amount to; a period without any has none.

    Args:
        series: any number of them.
        summed_up: makes one value of the points that are there, and of the number of series.
    """
    periods = zip(*series, strict=True)
    found = ([point for point in points if point is not None] for points in periods)
    return tuple(summed_up(points, len(series)) if points else None for points in found)


def present(series: Series) -> list[float]:
    """Return the points that are there."""
    return [point for point in series if point is not None]


def _of_points(sign: str, left: Point, right: Point) -> Point:
    first, second = left or 0.0, right or 0.0
    if sign in _TRUTH:
        return float(_TRUTH[sign](first, second))
    try:
        return float(_ARITHMETIC[sign](first, second))
    except ZeroDivisionError:
        return None


def _repeated(value: Value, length: int) -> Series:
    return (value,) * length if isinstance(value, float) else _as_series(value)


def _as_series(value: Value) -> Series:
    if not isinstance(value, tuple):
        raise ExpressionError("A number or an array of series stands where one series should.")
    return value


def _interpolated(series: Series) -> Series:
    points, known = list(series), [place for place, point in enumerate(series) if point is not None]
    for start, end in pairwise(known):
        first, last = series[start] or 0.0, series[end] or 0.0
        for place in range(start + 1, end):
            points[place] = first + (last - first) * (place - start) / (end - start)
    return tuple(points)
