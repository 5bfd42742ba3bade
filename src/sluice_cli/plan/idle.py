"""What a stack costs in a month in which nothing happens, counted from its template.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html says how many polls an idle queue has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.errors import WrongUsageError
from sluice_cli.plan import prices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice_cli.plan.template import Deployment

MONTH_SECONDS: Final = 730 * 3600
"""A month as AWS's own calculator has it: https://docs.aws.amazon.com/pricing-calculator/latest/userguide/."""

LEAN: Final[Mapping[str, str]] = {"Alarms": "false", "Tracing": "false", "ProbeMinutes": "1440"}
"""Parameters of the leanest stack that keeps every promise."""

LONG_POLL_SECONDS: Final = 20
POLLS: Final = 2
POLLS_WITH_MAXIMUM: Final = 5
"""Polls that Lambda keeps open for a queue without messages; more if the mapping has a MaximumConcurrency."""

PROBE_SECONDS: Final = 60.5
"""The long poll of an Activity without tasks takes a minute.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""
PROBE_TRANSITIONS: Final = 4
"""Begin, SubmitJobs, RoundOver, Idle: statemachines/activity_poller.asl.json."""

EVERYBODY: Final = "*"
"""Of the parameter ServedWorkflowArns."""
EMPTY_MINUTES: Final = 3
"""A poller ends after so many without a task: the parameter MaxEmptyRounds."""

METRICS_A_LOOK: Final = 1
"""That of the tasks that came: functions/sluice/aws/activity_metrics.py."""

RUN_SECONDS: Final = {"reconcile_tasks": 0.1, "reconcile_samples": 0.05, "ensure_pollers": 0.1}
"""A warm run that finds nothing: its queries one after another, some milliseconds each."""
RUN_READ_UNITS: Final = {"reconcile_tasks": 18 * 0.5, "reconcile_samples": 0.5, "ensure_pollers": 0.5}
"""An empty query takes half a unit; the open and the unsettled tasks stand in nine partitions each."""
PROBE_WRITE_UNITS: Final = 2
"""The slot's item: the number of its execution, and that it rests."""
RUN_LOG_GB: Final = 0.9 / 1e6
"""What Lambda itself logs of a run as JSON, about 0.9 KB; the functions log nothing of a run without work."""

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNIT_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class IdleCost:
    """A line of the bill.

    Attributes:
        what: is charged.
        usd: a month.
        note: how it comes about.
    """

    what: str
    usd: float
    note: str


@dataclass(frozen=True)
class _Run:
    """A function on a schedule."""

    name: str
    runs: float
    gb: float
    traced: bool
    look: bool

    @property
    def usd(self) -> float:
        """Lambda, the scheduler, DynamoDB's reads."""
        once = (
            prices.INVOCATION
            + prices.SCHEDULE
            + RUN_SECONDS.get(self.name, 0.1) * self.gb * prices.GB_SECOND
            + RUN_READ_UNITS.get(self.name, 0.0) * prices.READ_UNIT
            + METRICS_A_LOOK * self.look * prices.METRIC_REQUEST
        )
        return self.runs * once


def idle_costs(deployment: Deployment) -> list[IdleCost]:
    """Counts what a stack without work costs in a month, in us-east-1 and without free tiers."""
    probes = 0.0 if _always_on(deployment) else MONTH_SECONDS / (60 * _number(deployment, "ProbeMinutes"))
    runs = list(_runs(deployment))
    return [
        _alarms(deployment),
        _polls(deployment),
        IdleCost("scheduled functions", sum(each.usd for each in runs), _said(runs)),
        _pollers(deployment) if _always_on(deployment) else _probes(deployment, probes),
        _logs(sum(each.runs for each in runs) + probes),
        _traces(deployment, runs, probes),
        _dashboards(deployment),
    ]


def _number(deployment: Deployment, name: str) -> float:
    return float(deployment.parameters[name])


def _always_on(deployment: Deployment) -> bool:
    return str(deployment.parameters.get("AlwaysOn")) == "true"


def _gb(deployment: Deployment, properties: Mapping[str, Any]) -> float:
    usual = deployment.template["Globals"]["Function"]
    return float(properties.get("MemorySize", usual["MemorySize"])) / 1024


def _alarms(deployment: Deployment) -> IdleCost:
    alarms = [properties for _, properties in deployment.resources("AWS::CloudWatch::Alarm")]
    metrics = sum(
        sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms
    )
    return IdleCost("alarms", metrics * prices.ALARM_METRIC, f"{len(alarms)} with {metrics} metrics")


def _polls(deployment: Deployment) -> IdleCost:
    mappings = [
        event["Properties"]
        for _, properties in deployment.resources("AWS::Serverless::Function")
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    polls = sum(POLLS_WITH_MAXIMUM if "ScalingConfig" in each else POLLS for each in mappings)
    requests = polls * MONTH_SECONDS / LONG_POLL_SECONDS
    note = f"{polls} long polls of {len(mappings)} queues"
    return IdleCost("empty polls of SQS", requests * prices.QUEUE_REQUEST, note)


def _runs(deployment: Deployment) -> Iterator[_Run]:
    usual = deployment.value(deployment.template["Globals"]["Function"])
    for _, properties in deployment.resources("AWS::Serverless::Function"):
        for event in properties.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                yield _Run(
                    properties["Handler"].split(".")[0],
                    MONTH_SECONDS / _seconds(event["Properties"]["ScheduleExpression"]),
                    _gb(deployment, properties),
                    traced=properties.get("Tracing", usual.get("Tracing")) == "Active",
                    look="look" in event["Properties"].get("Input", ""),
                )


def _seconds(expression: str) -> int:
    found = _RATE.fullmatch(expression)
    if found is None:
        raise WrongUsageError(f"the template has a schedule that is no rate: {expression}")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def _said(runs: list[_Run]) -> str:
    return ", ".join(f"{each.name} {each.runs:,.0f} times" for each in runs)


def _probes(deployment: Deployment, probes: float) -> IdleCost:
    function = dict(deployment.resources("AWS::Serverless::Function"))["ProbeActivityFunction"]
    once = (
        PROBE_SECONDS * _gb(deployment, function) * prices.GB_SECOND
        + prices.INVOCATION
        + PROBE_TRANSITIONS * prices.TRANSITION
        + PROBE_WRITE_UNITS * prices.WRITE_UNIT
    )
    return IdleCost("probes", probes * once, f"{probes:,.0f}, a minute each")


def _pollers(deployment: Deployment) -> IdleCost:
    function = dict(deployment.resources("AWS::Serverless::Function"))["SubmitJobsFunction"]
    pollers = _number(deployment, "PollerCount")
    usd = pollers * MONTH_SECONDS * _gb(deployment, function) * prices.GB_SECOND
    return IdleCost("pollers", usd, f"{pollers:.0f} always on")


def stray_poller(deployment: Deployment) -> IdleCost | None:
    """What strangers' executions cost that keep pollers awake; None if the stack knows whom it serves."""
    if str(deployment.parameters.get("ServedWorkflowArns", EVERYBODY)) != EVERYBODY or _always_on(deployment):
        return None
    usd = _pollers(deployment).usd
    note = f"if executions of strangers start more often than every {EMPTY_MINUTES} minutes"
    return IdleCost("pollers that strangers keep awake", usd, note)


def _logs(runs: float) -> IdleCost:
    return IdleCost("logs", runs * RUN_LOG_GB * prices.LOG_GB, "what Lambda says of each run")


def _traces(deployment: Deployment, runs: list[_Run], probes: float) -> IdleCost:
    machines = dict(deployment.resources("AWS::Serverless::StateMachine"))
    tracing = machines["ActivityPoller"].get("Tracing", {})
    of_probes = probes if tracing.get("Enabled") in (True, "true") else 0.0
    traces = of_probes + sum(each.runs for each in runs if each.traced)
    return IdleCost("X-Ray", traces * prices.TRACE, f"{traces:,.0f} traces")


def _dashboards(deployment: Deployment) -> IdleCost:
    dashboards = len(list(deployment.resources("AWS::CloudWatch::Dashboard")))
    return IdleCost("dashboards", dashboards * prices.DASHBOARD, f"{dashboards}")
