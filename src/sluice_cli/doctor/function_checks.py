"""Whether the functions fail, and which alarms ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice_cli.doctor.finding import ok, warning, wrong
from sluice_cli.doctor.metrics import metric_stat, values_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

HOUR_SECONDS: Final = 3600
PERIOD_SECONDS: Final = 300
SHARED_LOGS: Final = {"ProbeActivity": "SubmitJobs"}
"""Functions that log to another's group, as they run its code."""


def check_functions(context: CheckContext) -> Iterator[Finding]:
    """Counts the functions' errors and throttles of the last hour."""
    functions = context.of_type("AWS::Lambda::Function")
    metrics = [(each, name) for each in functions for name in ("Errors", "Throttles")]
    queries = {
        f"m{index}": metric_stat(
            "AWS/Lambda", name, "Sum", {"FunctionName": each.physical_id}, period_seconds=PERIOD_SECONDS
        )
        for index, (each, name) in enumerate(metrics)
    }
    found = values_since(context, HOUR_SECONDS, queries)
    failing = [(*pair, sum(found.get(f"m{index}", ()))) for index, pair in enumerate(metrics)]
    failing = [each for each in failing if each[2]]
    for function, name, count in failing:
        way_out = (
            f"Its log group says why: aws logs tail {_log_group(context, function.logical_id)} --since 1h"
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


def _log_group(context: CheckContext, logical_id: str) -> str:
    """The function's log group: the template calls it as the function, with Logs at its end."""
    name = logical_id.removesuffix("Function")
    wanted = f"{SHARED_LOGS.get(name, name)}Logs"
    found = (each.physical_id for each in context.of_type("AWS::Logs::LogGroup") if each.logical_id == wanted)
    return next(found, f"/aws/lambda/{logical_id}")
