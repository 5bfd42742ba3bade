"""Whether the functions fail, and which alarms ring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

HOURS: Final = 1
SHARED_LOGS: Final = {"ProbeActivity": "SubmitJobs"}
"""Functions that log to another's group, as they run its code."""


def check_functions(context: CheckContext) -> Iterator[Finding]:
    """Counts the functions' errors and throttles of the last hour."""
    functions = context.of_type("AWS::Lambda::Function")
    metrics = [(each, name) for each in functions for name in ("Errors", "Throttles")]
    now = datetime.fromtimestamp(context.now_ms / 1000, UTC)
    pages = context.api.pages(
        "cloudwatch",
        "get_metric_data",
        StartTime=now - timedelta(hours=HOURS),
        EndTime=now,
        MetricDataQueries=[
            _query(f"m{index}", each.physical_id, name) for index, (each, name) in enumerate(metrics)
        ],
    )
    sums: dict[str, float] = {}
    for result in (each for page in pages for each in page["MetricDataResults"]):
        sums[result["Id"]] = sums.get(result["Id"], 0.0) + sum(result["Values"])
    failing = [(*pair, sums.get(f"m{index}", 0.0)) for index, pair in enumerate(metrics)]
    failing = [each for each in failing if each[2]]
    for function, name, count in failing:
        way_out = (
            f"Its log group tells why: aws logs tail {_log_group(context, function.logical_id)} --since 1h"
        )
        yield warning("functions", f"{function.logical_id}: {count:g} {name} in the last hour", way_out)
    if not failing:
        yield ok("functions", f"{len(functions)} functions, no error in the last hour")


def check_alarms(context: CheckContext) -> Iterator[Finding]:
    """Looks which of the stack's alarms ring."""
    names = {each.physical_id: each.logical_id for each in context.of_type("AWS::CloudWatch::Alarm")}
    pages = context.api.pages("cloudwatch", "describe_alarms", AlarmNames=sorted(names)) if names else ()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    ringing = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    for alarm in ringing:
        says = f"{names.get(alarm['AlarmName'], alarm['AlarmName'])} went off: {alarm.get('StateReason', '')}"
        yield wrong(
            "alarms", says, alarm.get("AlarmDescription") or "Its description in CloudWatch says more."
        )
    if not ringing:
        yield ok("alarms", f"none of {len(alarms)} is in ALARM")


def _query(name: str, function: str, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    counted = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": counted, "Period": 300, "Stat": "Sum"}}


def _log_group(context: CheckContext, logical_id: str) -> str:
    """The function's log group: the template calls it as the function, with Logs at its end."""
    name = logical_id.removesuffix("Function")
    wanted = f"{SHARED_LOGS.get(name, name)}Logs"
    found = (each.physical_id for each in context.of_type("AWS::Logs::LogGroup") if each.logical_id == wanted)
    return next(found, f"/aws/lambda/{logical_id}")
