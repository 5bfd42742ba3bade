"""What CloudWatch has counted of the Activity's tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sluice.aws.errors import translated


@dataclass(frozen=True)
class CloudWatchActivity:
    """The Activity's metrics; implements pollers.ports.ActivityMetrics."""

    client: Any
    activity_arn: str

    def tasks_came(self, since_ms: int, now_ms: int) -> bool:
        """https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html."""
        scheduled = {
            "Namespace": "AWS/States",
            "MetricName": "ActivitiesScheduled",
            "Dimensions": [{"Name": "ActivityArn", "Value": self.activity_arn}],
        }
        with translated():
            answer = self.client.get_metric_data(
                MetricDataQueries=[
                    {"Id": "came", "MetricStat": {"Metric": scheduled, "Period": 60, "Stat": "Sum"}}
                ],
                StartTime=datetime.fromtimestamp(since_ms / 1000, UTC),
                EndTime=datetime.fromtimestamp(now_ms / 1000, UTC),
            )
        return any(sum(result["Values"]) > 0 for result in answer["MetricDataResults"])
