"""What state an alarm is in: a function of its metrics' data and the time."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

from sluice_local.alarms.expressions import Scope, evaluate
from sluice_local.alarms.model import Alarm, Metric, MetricStat, MissingData, State
from sluice_local.alarms.parsing import ExpressionError, names, parse
from sluice_local.alarms.series import Point, Series, Value, present
from sluice_local.alarms.statistics import Observation, statistic

MINUTE: Final = 60

EXTRA_PERIODS: Final = 2
"""Periods that are looked at beyond the alarm's own: AWS's example has five for three, and says no rule.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

Observations = Callable[[Metric], Iterable[Observation]]
"""What is known of a metric by now."""

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Standing:
    """How an alarm stands before it is evaluated.

    Attributes:
        state: its state, which may stay.
        configured_at: when it was made or last changed, in seconds since the epoch.
    """

    state: State
    configured_at: float


def state_of(
    alarm: Alarm,
    observations: Observations,
    now_second: float,
    before: Standing,
    *,
    extra_periods: int = EXTRA_PERIODS,
) -> State:
    """Return the state that an evaluation puts an alarm into.

    Args:
        alarm: what is watched.
        observations: gives what is known of each metric.
        now_second: the time, in seconds since the epoch.
        before: how the alarm stands.
        extra_periods: that are looked at beyond the alarm's own.

    Raises:
        ExpressionError: an expression of the alarm cannot be read or evaluated.
        CycleError: its expressions need each other.
        ValueError: its metrics or comparison are none that AWS accepts.
    """
    series = datapoints(alarm, observations, now_second, extra_periods=extra_periods)
    if _warms_up(alarm, series, now_second, before):
        return before.state
    return judged(alarm, series, before.state)


def datapoints(
    alarm: Alarm, observations: Observations, now_second: float, *, extra_periods: int = EXTRA_PERIODS
) -> Series:
    """Return what the alarm compares, for the periods up to the last full minute, the oldest first.

    The window slides: it moves on by a minute with each evaluation, so that periods begin at any minute.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
    """
    end = now_second // MINUTE * MINUTE
    length = alarm.evaluation_periods + extra_periods
    metrics = {
        name: _series(stat, observations(stat.metric), end, length) for name, stat in alarm.stats.items()
    }
    results: dict[str, Value] = {}
    scope = Scope(metrics, results, alarm.period_seconds, length)
    nodes = {each.id: parse(each.source) for each in alarm.queries if isinstance(each.source, str)}
    # an expression may name one that stands after it
    order = TopologicalSorter({name: names(node) & nodes.keys() for name, node in nodes.items()})
    for name in order.static_order():
        results[name] = evaluate(nodes[name], scope)
    watched = scope.value(alarm.watched)
    if not isinstance(watched, tuple):
        raise ExpressionError(f"The expression {alarm.watched!r} must give one series.")
    return watched


def judged(alarm: Alarm, series: Series, before: State) -> State:
    """Return the state that these points, the oldest first, put an alarm into.

    As many real points as the alarm's evaluation periods are compared, the latest ones, if there are so many.
    Else those that lack count as the alarm says.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    real = present(series)[-alarm.evaluation_periods :]
    breaching = sum(_breaches(alarm, point) for point in real)
    lacking = alarm.evaluation_periods - len(real)
    if lacking and alarm.missing_data is MissingData.BREACHING:
        breaching += lacking
    if breaching >= alarm.datapoints_to_alarm:
        return State.ALARM
    if not lacking or alarm.missing_data in (MissingData.BREACHING, MissingData.NOT_BREACHING):
        return State.OK
    if breaching < len(real):
        return State.OK
    if alarm.missing_data is MissingData.IGNORE:
        return before
    return State.ALARM if _begins_early(alarm, series) else State.INSUFFICIENT_DATA


def _warms_up(alarm: Alarm, series: Series, now_second: float, before: Standing) -> bool:
    """Say whether a new alarm still waits for its first data.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
    """
    if before.state is not State.INSUFFICIENT_DATA:
        return False
    enough = len(present(series[-alarm.evaluation_periods :])) == alarm.evaluation_periods
    waits = now_second < before.configured_at + alarm.warm_up_minutes * MINUTE
    return waits and not (enough and alarm.warm_up_ends_early)


def reason(alarm: Alarm, series: Series, state: State) -> str:
    """Return why an alarm is in a state, for people."""
    real = present(series)[-alarm.evaluation_periods :]
    breaching = sum(_breaches(alarm, point) for point in real)
    compared = f"{alarm.comparison} {alarm.threshold:g}"
    enough = f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods}"
    return (
        f"{state}: {breaching} of the last {len(real)} datapoints are {compared}. "
        f"{enough} make an alarm, and missing ones count as {alarm.missing_data}."
    )


def _begins_early(alarm: Alarm, series: Series) -> bool:
    """Say whether a breach is so old that what came after it, all missing or breaching, cannot excuse it.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html#CloudWatch-alarms-avoiding-premature-transition
    """
    ages = [age for age, point in enumerate(reversed(series), start=1) if point is not None]
    return bool(ages) and max(ages) >= alarm.datapoints_to_alarm


def _series(stat: MetricStat, observations: Iterable[Observation], end: float, length: int) -> Series:
    period, start = stat.period_seconds, end - length * stat.period_seconds
    buckets: list[list[Observation]] = [[] for _ in range(length)]
    for each in observations:
        if start <= each.at_second < end:
            buckets[int((each.at_second - start) // period)].append(each)
    return tuple(statistic(stat.statistic, bucket) for bucket in buckets)


def _breaches(alarm: Alarm, point: Point) -> bool:
    if alarm.comparison not in _COMPARISONS:
        raise ValueError(f"ComparisonOperator {alarm.comparison!r} is none of {sorted(_COMPARISONS)}.")
    return point is not None and _COMPARISONS[alarm.comparison](point, alarm.threshold)
