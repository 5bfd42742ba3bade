"""What a metric math expression gives.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from sluice_local.alarms.parsing import (
    Binary,
    Call,
    ExpressionError,
    Listing,
    Name,
    Negative,
    Node,
    Number,
    Text,
)
from sluice_local.alarms.series import Point, Series, Value, across, chosen, combined, filled, present

_EACH_POINT: Final[Mapping[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
}
_SUMMARIES: Final[Mapping[str, Callable[[list[float], int], float]]] = {
    "SUM": lambda points, _: math.fsum(points),
    # "missing values are treated as 0"
    "AVG": lambda points, count: math.fsum(points) / count,
    "MIN": lambda points, _: min(points),
    "MAX": lambda points, _: max(points),
}


@dataclass(frozen=True)
class Scope:
    """What an expression may name.

    Attributes:
        metrics: the series of each metric, by Id; METRICS() gives these.
        results: those of the expressions before, by Id.
        period_seconds: of all the metrics.
        length: number of periods.
    """

    metrics: Mapping[str, Series]
    results: Mapping[str, Value]
    period_seconds: int
    length: int

    def value(self, name: str) -> Value:
        """Return what an Id stands for.

        Raises:
            ExpressionError: there is no such Id.
        """
        if name in self.metrics:
            return self.metrics[name]
        if name in self.results:
            return self.results[name]
        raise ExpressionError(f"No metric or expression has the Id {name!r}.")


def evaluate(expression: Node, scope: Scope) -> Value:
    """Return what an expression gives for these series.

    Raises:
        ExpressionError: CloudWatch would refuse it, or it uses what is not known here.
    """
    return _Evaluation(scope).value(expression)


class _Evaluation:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def value(self, node: Node) -> Value:
        match node:
            case Number(number):
                return number
            case Name(name):
                return self._scope.value(name)
            case Listing(items):
                return [series for item in items for series in _several(self.value(item))]
            case Negative(operand):
                return combined("-", 0.0, self.value(operand))
            case Binary(sign, left, right):
                return combined(sign, self.value(left), self.value(right))
            case Call(function, arguments):
                return self._call(function, arguments)
        raise ExpressionError(f"The text {node.value!r} stands where a value should.")

    def _call(self, function: str, arguments: Sequence[Node]) -> Value:
        match function, arguments:
            case "METRICS", _:
                return self._metrics(*arguments)
            case "PERIOD", [Name()]:
                return float(self._scope.period_seconds)
            case "IF", [condition, if_true, *if_false]:
                return self._chosen(condition, if_true, *if_false)
            case "FILL", [series, filler]:
                by = self._filler(filler)
                return _on_each(lambda each: filled(each, by), self.value(series))
            case "TIME_SERIES", [number]:
                return (_number(self.value(number)),) * self._scope.length
            case _, [argument]:
                return _of_one(function, self.value(argument))
        raise _unknown(function)

    def _metrics(self, part: Node = Text("")) -> list[Series]:  # noqa: B008 - it does not change
        if not isinstance(part, Text):
            raise ExpressionError('METRICS takes nothing or a text, as in METRICS("errors").')
        return [series for name, series in self._scope.metrics.items() if part.value in name]

    def _chosen(self, condition: Node, if_true: Node, *if_false: Node) -> Series:
        if len(if_false) > 1:
            raise ExpressionError("IF takes two or three arguments.")
        otherwise = self.value(if_false[0]) if if_false else None
        return chosen(self.value(condition), self.value(if_true), otherwise)

    def _filler(self, node: Node) -> Value | str:
        if isinstance(node, Name) and node.value in {"REPEAT", "LINEAR"}:
            return node.value
        return self.value(node)


def _of_one(function: str, value: Value) -> Value:
    """Call a function that takes a series or an array of them."""
    if function in _EACH_POINT:
        change = _EACH_POINT[function]
        return _on_each(
            lambda each: tuple(None if point is None else float(change(point)) for point in each), value
        )
    if function in _SUMMARIES:
        return _summary(function, value)
    if function == "RUNNING_SUM":
        return _on_each(_running_sum, value)
    if function == "DIFF":
        return _on_each(_differences, value)
    if function == "METRIC_COUNT":
        return float(len(_several(value)))
    raise _unknown(function)


def _summary(function: str, value: Value) -> Value:
    """Sum up an array to a series, and a series to a number."""
    sum_up = _SUMMARIES[function]
    if isinstance(value, list):
        return across(value, sum_up)
    (series,) = _several(value)
    points = present(series)
    return sum_up(points, len(series)) if points else 0.0


def _running_sum(series: Series) -> Series:
    sums = accumulate(point or 0.0 for point in series)
    return tuple(None if point is None else total for point, total in zip(series, sums, strict=True))


def _differences(series: Series) -> Series:
    last: Point = None
    found: list[Point] = []
    for point in series:
        found.append(None if point is None or last is None else point - last)
        last = last if point is None else point
    return tuple(found)


def _on_each(change: Callable[[Series], Series], value: Value) -> Value:
    if isinstance(value, list):
        return [change(each) for each in value]
    (series,) = _several(value)
    return change(series)


def _several(value: Value) -> list[Series]:
    if isinstance(value, float):
        raise ExpressionError(f"The number {value} stands where a series should.")
    return value if isinstance(value, list) else [value]


def _number(value: Value) -> float:
    if not isinstance(value, float):
        raise ExpressionError("A series stands where a number should.")
    return value


def _unknown(function: str) -> ExpressionError:
    known = ", ".join(
        sorted(
            {*_EACH_POINT, *_SUMMARIES}
            | {"METRICS", "PERIOD", "IF", "FILL", "TIME_SERIES", "RUNNING_SUM", "DIFF", "METRIC_COUNT"}
        )
    )
    return ExpressionError(f"{function} with these arguments is not known. Local AWS knows {known}.")
