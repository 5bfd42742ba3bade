"""How often Batch answered SubmitJob with 429, as the functions' own metrics tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.errors import AwsError
from sluice_cli.report.facts import Throttling

if TYPE_CHECKING:
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack

NAMESPACE: Final = "Sluice"
SUBMITTED: Final = "JobsSubmitted"
THROTTLED: Final = "SubmitThrottled"
PERIOD_SECONDS: Final = 60
"""CloudWatch keeps the sums of minutes for 15 days.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""


def read_throttling(api: Api, stack: Stack, *, from_ms: int, until_ms: int) -> Throttling | None:
    """Reads the answers with 429 of the whole stack; None where its metrics are not to be had.

    Functions send what is not zero, so that no word of 429s is good news only where submissions are told of.
    """
    queries = [_query(stack.name, name) for name in (SUBMITTED, THROTTLED)]
    try:
        pages = list(
            api.pages(
                "cloudwatch",
                "get_metric_data",
                MetricDataQueries=queries,
                StartTime=_at(from_ms),
                EndTime=_at(until_ms),
            )
        )
    except AwsError:
        return None
    results = [each for page in pages for each in page["MetricDataResults"]]
    if not any(each["Values"] for each in results):
        return None
    found = [
        (round(at.timestamp() * 1000), int(value))
        for each in results
        if each["Id"] == THROTTLED.lower()
        for at, value in zip(each["Timestamps"], each["Values"], strict=True)
    ]
    return Throttling(tuple(sorted(found)))


def _query(stack_name: str, metric: str) -> dict[str, Any]:
    return {
        "Id": metric.lower(),
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "service", "Value": stack_name}],
            },
            "Period": PERIOD_SECONDS,
            "Stat": "Sum",
        },
    }


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
