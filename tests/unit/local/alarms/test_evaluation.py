"""When an alarm rings, with the tables of AWS's own page.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from graphlib import CycleError
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.alarms.evaluation import Standing, datapoints, judged, state_of
from sluice_local.alarms.model import Alarm, Metric, State
from sluice_local.alarms.parsing import ExpressionError
from sluice_local.alarms.statistics import Observation

if TYPE_CHECKING:
    from sluice_local.alarms.series import Series

NOW = 1_795_416_900.0  # a full minute
PLAIN: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def alarm(**properties: Any) -> Alarm:
    return Alarm.from_properties({**PLAIN, **properties})


def series(points: str) -> Series:
    """Points as AWS's tables have them: 0, X (breaching) and - (missing)."""
    return tuple({"0": 0.0, "X": 1.0, "-": None}[each] for each in points.split())


OK, ALARM, NO_DATA, STAYS = "OK", "ALARM", "INSUFFICIENT_DATA", "stays"


TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("to_alarm", "points", "expected"),
    [
        (3, "0 - X - X", (OK, OK, OK, OK)),
        (3, "- - - - 0", (OK, OK, OK, OK)),
        (3, "- - - - -", (NO_DATA, STAYS, ALARM, OK)),
        (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "- - X - -", (ALARM, STAYS, ALARM, OK)),
        (3, "- - - - X", (NO_DATA, STAYS, ALARM, OK)),
        (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 - X - -", (OK, OK, ALARM, OK)),
        (2, "- - - - 0", (OK, OK, ALARM, OK)),
        (2, "- - - X -", (ALARM, STAYS, ALARM, OK)),
        (2, "- X - X -", (ALARM, ALARM, ALARM, ALARM)),
        (1, "- - - X -", (ALARM, ALARM, ALARM, ALARM)),
    ],
)
def test_missing_points_count_as_the_alarm_says(
    to_alarm: int, points: str, expected: tuple[str, ...]
) -> None:
    for treatment, state in zip(TREATMENTS, expected, strict=True):
        watched = alarm(DatapointsToAlarm=to_alarm, TreatMissingData=treatment)
        for before in State:
            wanted = before if state == STAYS else State(state)
            assert judged(watched, series(points), before) is wanted, (treatment, before)


@pytest.mark.parametrize(
    ("comparison", "breaches"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_each_comparison_has_its_side_of_the_threshold(comparison: str, breaches: list[bool]) -> None:
    watched = alarm(ComparisonOperator=comparison, Threshold=5, EvaluationPeriods=1)
    states = [judged(watched, (point,), State.OK) for point in (4.0, 5.0, 6.0)]
    assert states == [State.ALARM if each else State.OK for each in breaches]


def test_an_unknown_comparison_is_named() -> None:
    with pytest.raises(ValueError, match="LessThanLowerThreshold"):
        judged(alarm(ComparisonOperator="LessThanLowerThreshold"), series("X"), State.OK)


def test_periods_end_at_the_last_full_minute_and_slide_with_it() -> None:
    watched = alarm(Period=300, EvaluationPeriods=1)
    seen = [Observation.of(NOW - 299, 1.0), Observation.of(NOW - 1, 2.0), Observation.of(NOW + 10, 4.0)]
    assert datapoints(watched, lambda _: seen, NOW + 59) == (None, None, 3)
    assert datapoints(watched, lambda _: seen, NOW + 60) == (None, 1, 6)


def test_a_metric_is_told_by_its_dimensions() -> None:
    watched = alarm(Dimensions=[{"Name": "service", "Value": "sluice"}], EvaluationPeriods=1)
    of = {Metric.of("N", "M", {"service": "sluice"}): 1.0, Metric.of("N", "M", {"service": "other"}): 9.0}
    found = datapoints(watched, lambda metric: [Observation.of(NOW - 1, of[metric])], NOW)
    assert found[-1] == 1.0


def expression_alarm(*rows: dict[str, Any]) -> Alarm:
    metric = {"Namespace": "N", "MetricName": "M"}
    stat = {"Id": "m", "ReturnData": False, "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60}}
    rest = {name: PLAIN[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}
    return Alarm.from_properties({**rest, "Metrics": [*rows, stat]})


def test_an_expression_may_name_one_that_stands_after_it() -> None:
    watched = expression_alarm(
        {"Id": "last", "Expression": "FILL(seen, REPEAT)"},
        {"Id": "seen", "Expression": "IF(m > 1, m)", "ReturnData": False},
    )
    seen = [Observation.of(NOW - 200, 2.0), Observation.of(NOW - 100, 1.0)]
    assert datapoints(watched, lambda _: seen, NOW) == (None, 2, 2, 2, 2)


def test_expressions_that_need_each_other_are_refused() -> None:
    watched = expression_alarm(
        {"Id": "a", "Expression": "b + 1"}, {"Id": "b", "Expression": "a + 1", "ReturnData": False}
    )
    with pytest.raises(CycleError):
        datapoints(watched, lambda _: [], NOW)


def test_an_alarm_watches_one_series() -> None:
    for expression in ("SUM(m)", "METRICS()"):
        with pytest.raises(ExpressionError, match="must give one series"):
            datapoints(expression_alarm({"Id": "a", "Expression": expression}), lambda _: [], NOW)
    with pytest.raises(ValueError, match="Exactly one"):
        expression_alarm({"Id": "a", "Expression": "m"}, {"Id": "b", "Expression": "m"})


def test_all_metrics_of_an_alarm_have_one_period() -> None:
    other = {"Metric": {"Namespace": "N", "MetricName": "O"}, "Stat": "Sum", "Period": 300}
    watched = expression_alarm(
        {"Id": "o", "ReturnData": False, "MetricStat": other}, {"Id": "e", "Expression": "m"}
    )
    with pytest.raises(ValueError, match=r"\[60, 300\]"):
        datapoints(watched, lambda _: [], NOW)


WARM: dict[str, Any] = {"WarmUpPeriodDurationInMinutes": 30}


@pytest.mark.parametrize(
    ("minutes_old", "seen", "warm_up", "state"),
    [
        (29, 0, WARM, State.INSUFFICIENT_DATA),
        (30, 0, WARM, State.ALARM),
        (5, 2, WARM, State.INSUFFICIENT_DATA),
        (5, 3, WARM, State.OK),
        (5, 3, {**WARM, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True}, State.INSUFFICIENT_DATA),
        (0, 0, {}, State.ALARM),
    ],
)
def test_a_new_alarm_warms_up(minutes_old: int, seen: int, warm_up: dict[str, Any], state: State) -> None:
    watched = alarm(TreatMissingData="breaching", WarmUpConfiguration=warm_up)
    zeros = [Observation.of(NOW - 60 * minute - 30, 0.0) for minute in range(seen)]
    before = Standing(State.INSUFFICIENT_DATA, configured_at=NOW - minutes_old * 60)
    assert state_of(watched, lambda _: zeros, NOW, before) is state


def test_an_alarm_that_has_warmed_up_is_evaluated() -> None:
    watched = alarm(TreatMissingData="breaching", WarmUpConfiguration=WARM)
    assert state_of(watched, lambda _: [], NOW, Standing(State.OK, NOW - 600)) is State.ALARM
