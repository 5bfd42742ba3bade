"""Whether executions that are none of Sluice's keep a poller awake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.doctor.finding import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

HOURS: Final = 24
TOLERATED: Final = 3
"""Hours of a day in which executions may start and send no task: a cohort that waits for something."""
EVERYBODY: Final = "*"
WAY_OUT: Final = (
    "Set ServedWorkflowArns to the ARNs of the state machines that send tasks; `sluice plan --idle` "
    "shows what it costs to keep a poller awake."
)


def check_wake_ups(context: CheckContext) -> Iterator[Finding]:
    """Counts the hours of the last day in which executions woke the pollers and no task came.

    Metrics: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    rules = [
        each for each in context.of_type("AWS::Events::Rule") if each.logical_id == "ExecutionStartedRule"
    ]
    if not rules:
        return
    rule = rules[0].physical_id.rpartition("|")[2]
    woken = _metric("woken", "AWS/Events", "Invocations", RuleName=rule)
    came = _metric(
        "came", "AWS/States", "ActivitiesScheduled", ActivityArn=context.stack.output("ActivityArn")
    )
    sums = _hourly(context, [woken, came])
    idle = sums.get("woken", {}).keys() - sums.get("came", {}).keys()
    starts = sum(sums["woken"][hour] for hour in idle)
    if len(idle) <= TOLERATED:
        yield ok("wake-ups", "only executions that send tasks wake the pollers")
        return
    served = context.stack.parameters.get("ServedWorkflowArns", EVERYBODY)
    whose = "of any state machine" if served == EVERYBODY else f"of {served}"
    says = (
        f"in {len(idle)} of the last {HOURS} hours no task came, but {starts:g} executions {whose} started "
        "and woke the pollers"
    )
    yield warning("wake-ups", says, WAY_OUT)


def _metric(name: str, namespace: str, metric: str, **dimensions: str) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    counted = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": name, "MetricStat": {"Metric": counted, "Period": 3600, "Stat": "Sum"}}


def _hourly(context: CheckContext, queries: list[dict[str, Any]]) -> dict[str, dict[datetime, float]]:
    """The hours in which something happened, and how much, by the queries' names."""
    now = datetime.fromtimestamp(context.now_ms / 1000, UTC)
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    pages = context.api.pages(
        "cloudwatch", "get_metric_data", StartTime=begin, EndTime=now, MetricDataQueries=queries
    )
    found: dict[str, dict[datetime, float]] = {}
    for result in (each for page in pages for each in page["MetricDataResults"]):
        pairs = zip(result.get("Timestamps", ()), result["Values"], strict=False)
        found.setdefault(result["Id"], {}).update({at: value for at, value in pairs if value})
    return found
