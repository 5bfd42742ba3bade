"""How often Batch answered SubmitJob with 429, as the functions' own metrics tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.errors import AwsError
from sluice_cli.report.facts import Throttling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack

NAMESPACE: Final = "Sluice"
SUBMITTED: Final = "JobsSubmitted"
THROTTLED: Final = "SubmitThrottled"
KEPT_DAYS: Final = ((15, 60), (63, 300), (455, 3600))
"""For so many days CloudWatch keeps sums over so many seconds.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Window:
    """While a cohort ran, in ms since the epoch; `now_ms` is when it is looked at."""

    from_ms: int
    until_ms: int
    now_ms: int

    @property
    def period_seconds(self) -> int:
        """The shortest sums that CloudWatch still has of its begin."""
        age = (self.now_ms - self.from_ms) / DAY_MS
        return next((seconds for days, seconds in KEPT_DAYS if age < days), KEPT_DAYS[-1][1])


def read_throttling(api: Api, stack: Stack, window: Window, *, submitted: int) -> Throttling | None:
    """Reads the answers with 429 of the whole stack; None where its metrics are not to be had.

    Functions send what is not zero, so that no word of 429s is good news only where submissions are told of.

    Args:
        api: AWS.
        stack: the stack.
        window: while the cohort ran.
        submitted: jobs of the cohort; metrics that tell of fewer are still to come.
    """
    queries = [_query(stack.name, name, window.period_seconds) for name in (SUBMITTED, THROTTLED)]
    try:
        pages = list(
            api.pages(
                "cloudwatch",
                "get_metric_data",
                MetricDataQueries=queries,
                StartTime=_at(window.from_ms),
                EndTime=_at(window.until_ms),
            )
        )
    except AwsError:
        return None
    results = [each for page in pages for each in page["MetricDataResults"]]
    if not any(each["Values"] for each in results):
        return None
    told = sum(value for _, value in _values(results, SUBMITTED))
    found = tuple(sorted((at_ms, int(value)) for at_ms, value in _values(results, THROTTLED)))
    return Throttling(found, window.period_seconds * 1000, is_whole=told >= submitted)


def _values(results: Iterable[Mapping[str, Any]], metric: str) -> Iterator[tuple[int, float]]:
    for each in results:
        if each["Id"] == metric.lower():
            for at, value in zip(each["Timestamps"], each["Values"], strict=True):
                yield round(at.timestamp() * 1000), value


def _query(stack_name: str, metric: str, period_seconds: int) -> dict[str, Any]:
    return {
        "Id": metric.lower(),
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "service", "Value": stack_name}],
            },
            "Period": period_seconds,
            "Stat": "Sum",
        },
    }


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
