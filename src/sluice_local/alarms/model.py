"""An alarm of CloudWatch, as PutMetricAlarm and CloudFormation describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class State(StrEnum):
    """What an alarm can be in."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class MissingData(StrEnum):
    """What a period without data counts as."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True)
class Metric:
    """A metric; another value of a dimension makes another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Self:
        """Return the metric with these dimensions."""
        return cls(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True)
class MetricStat:
    """A statistic of a metric in each period."""

    metric: Metric
    statistic: str
    period_seconds: int


@dataclass(frozen=True)
class Query:
    """A metric or an expression of an alarm, under its Id."""

    id: str
    source: MetricStat | str


@dataclass(frozen=True)
class Alarm:
    """What is compared with what, and how often it must be so.

    Attributes:
        queries: metrics and expressions, in the order given.
        watched: Id of the one that is compared.
        evaluation_periods, datapoints_to_alarm: N, and M of them.
        comparison: AWS's name of the operator.
        missing_data: how a period without data counts.
        warm_up_minutes: after it was made or changed, for which it may lack data without a word.
        warm_up_ends_early: whether enough data end that time.
    """

    queries: tuple[Query, ...]
    watched: str
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    missing_data: MissingData
    warm_up_minutes: int = 0
    warm_up_ends_early: bool = True

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Read what CloudFormation and PutMetricAlarm call by the same names.

        Raises:
            ValueError: a value that AWS would refuse.
        """
        rows = properties.get("Metrics") or [_only_metric(properties)]
        returned = [row["Id"] for row in rows if row.get("ReturnData", True) not in (False, "false")]
        if len(returned) != 1:
            raise ValueError(f"Exactly one of an alarm's metrics has ReturnData true, not {returned}.")
        periods = int(properties["EvaluationPeriods"])
        warm_up = properties.get("WarmUpConfiguration") or {}
        return cls(
            queries=tuple(
                Query(row["Id"], row.get("Expression") or _stat(row["MetricStat"])) for row in rows
            ),
            watched=returned[0],
            evaluation_periods=periods,
            datapoints_to_alarm=int(properties.get("DatapointsToAlarm") or periods),
            comparison=properties["ComparisonOperator"],
            threshold=float(properties["Threshold"]),
            missing_data=MissingData(properties.get("TreatMissingData") or MissingData.MISSING),
            warm_up_minutes=int(warm_up.get("WarmUpPeriodDurationInMinutes", 0)),
            warm_up_ends_early=warm_up.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")
            in (None, False, "false"),
        )

    @property
    def stats(self) -> dict[str, MetricStat]:
        """The metrics by Id, without the expressions."""
        return {each.id: each.source for each in self.queries if isinstance(each.source, MetricStat)}

    @property
    def period_seconds(self) -> int:
        """The period that all metrics of an alarm must have in common.

        Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
        """
        periods = {each.period_seconds for each in self.stats.values()}
        if len(periods) != 1:
            raise ValueError(f"All metrics of an alarm have the same period, not {sorted(periods)}.")
        return periods.pop()


def _only_metric(properties: Mapping[str, Any]) -> dict[str, Any]:
    metric = {name: properties.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    statistic = properties.get("ExtendedStatistic") or properties.get("Statistic")
    return {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": statistic, "Period": properties["Period"]}}


def _stat(stat: Mapping[str, Any]) -> MetricStat:
    metric = stat["Metric"]
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    return MetricStat(
        metric=Metric.of(metric["Namespace"], metric["MetricName"], dimensions),
        statistic=stat["Stat"],
        period_seconds=int(stat["Period"]),
    )
