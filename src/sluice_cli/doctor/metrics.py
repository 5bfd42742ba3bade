"""What CloudWatch counted of late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice_cli.doctor.finding import CheckContext


def metric_stat(
    namespace: str, name: str, statistic: str, dimensions: Mapping[str, str], *, period_seconds: int
) -> dict[str, Any]:
    """What to ask for: a statistic of a metric, a value for each period."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Metric": metric, "Period": period_seconds, "Stat": statistic}


def values_since(
    context: CheckContext, seconds: int, queries: Mapping[str, dict[str, Any]]
) -> dict[str, list[float]]:
    """The values of so many seconds until now, by the names of the queries; of none nothing is asked.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    if not queries:
        return {}
    now = datetime.fromtimestamp(context.now_ms / 1000, UTC)
    pages = context.api.pages(
        "cloudwatch",
        "get_metric_data",
        StartTime=now - timedelta(seconds=seconds),
        EndTime=now,
        MetricDataQueries=[{"Id": name, "MetricStat": each} for name, each in queries.items()],
    )
    values: dict[str, list[float]] = {}
    for each in (each for page in pages for each in page["MetricDataResults"]):
        values.setdefault(each["Id"], []).extend(each["Values"])
    return values
