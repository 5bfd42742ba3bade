"""Alarms that CloudWatch evaluates each minute, on metrics and on metric math.

AWS: an alarm compares a statistic or an expression in each of its periods, lets M of N of them breach, treats
missing data as it is told, and tells SNS and EventBridge when its state changes,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html.

MiniStack 1.5.33: refuses expressions, knows neither M of N nor missing data nor dimensions, takes all periods
for one, evaluates only when data are put, and tells EventBridge nothing.

Fixed by `sluice_local.alarms` in the place of its evaluation. Alarms are evaluated when data are put, too.
"""

import functools
import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sluice_local.alarms.evaluation import Standing, datapoints, reason, state_of
from sluice_local.alarms.model import Alarm, Metric, State
from sluice_local.alarms.statistics import Observation
from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

Properties = Mapping[str, Any]
Record = dict[str, Any]

_KEPT = ("Metrics", "WarmUpConfiguration")
_STAND_IN = {"MetricName": "-", "Namespace": "-"}
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "Period", "Dimensions")
_log = logging.getLogger(__name__)


def install() -> None:
    """Evaluate alarms as CloudWatch does, whoever makes them.

    Raises:
        EngineMismatchError: if MiniStack's alarms are not where they were.
    """
    ministack.wrap("services.cloudformation.provisioners._cw_metric_alarm_record", _recorded)
    ministack.wrap("services.cloudwatch._put_metric_alarm", _put)
    ministack.replace("services.cloudwatch._evaluate_alarm", evaluate)


def evaluate_all() -> None:
    """Evaluate every alarm now."""
    for record in list(ministack.private("services.cloudwatch._alarms").values()):
        evaluate(record)


def evaluate(record: Record) -> None:
    """Evaluate one alarm now, and tell of it if its state changes; one that cannot be evaluated is logged."""
    before = State(record["StateValue"])
    try:
        alarm, now = Alarm.from_properties(record), time.time()
        state = state_of(alarm, _observations, now, Standing(before, _configured_at(record)))
        why = reason(alarm, datapoints(alarm, _observations, now), state)
    except ValueError as error:
        _log.warning("alarm %s cannot be evaluated: %s", record["AlarmName"], error)
        return
    if state is not before:
        _change(record, state, why)


def _recorded(make: Private) -> Private:
    """Make an alarm of a template; a wrong one is refused, as its deployment would be."""

    @functools.wraps(make)
    def record(name: str, properties: Properties) -> Record:
        alarm = Alarm.from_properties(properties)
        datapoints(alarm, lambda _: (), 0)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        stand_in = _STAND_IN if "Metrics" in properties else {}
        return _completed(make(name, {**plain, **stand_in}), properties)

    return record


def _put(put_metric_alarm: Private) -> Private:
    """PutMetricAlarm of an expression, in the protocols that today's SDKs speak."""

    @functools.wraps(put_metric_alarm)
    def put(params: Private, request: Properties, *protocol: bool) -> Private:
        response = put_metric_alarm(params, request, *protocol)
        record = ministack.private("services.cloudwatch._alarms").get(request.get("AlarmName"))
        if record is not None:
            evaluate(_completed(record, request))
        return response

    return put


def _completed(record: Record, properties: Properties) -> Record:
    """Add to an alarm what MiniStack leaves out, and take away what only an alarm on one metric has."""
    record.update({name: properties[name] for name in _KEPT if properties.get(name)})
    for name in _OF_ONE_METRIC if record.get("Metrics") else ():
        record.pop(name, None)
    return record


def _configured_at(record: Record) -> float:
    return float(record["AlarmConfigurationUpdatedTimestamp"])


def _observations(metric: Metric) -> Iterator[Observation]:
    key = ministack.private("services.cloudwatch._dims_key")(dict(metric.dimensions))
    points = ministack.private("services.cloudwatch._metrics").get((metric.namespace, metric.name, key))
    sums = ministack.private("services.cloudwatch._point_stats")
    return (Observation(point["Timestamp"], *sums(point)) for point in list(points or ()))


def _change(record: Record, state: State, why: str) -> None:
    before, name = record["StateValue"], record["AlarmName"]
    record.update(StateValue=str(state), StateReason=why, StateUpdatedTimestamp=int(time.time()))
    ministack.private("services.cloudwatch._record_history")(name, before, str(state), why)
    ministack.private("services.cloudwatch._dispatch_alarm_actions")(record, before, str(state), why)
    ministack.private("services.cloudwatch._evaluate_parent_alarms")(record)
    put_events = ministack.private("services.eventbridge._put_events")
    put_events({"Entries": [_event(record, before)]}, allow_aws_source=True)


def _event(record: Record, before: str) -> dict[str, Any]:
    changed_at = datetime.fromtimestamp(record["StateUpdatedTimestamp"], UTC).isoformat()
    state = {"value": record["StateValue"], "reason": record["StateReason"], "timestamp": changed_at}
    detail = {"alarmName": record["AlarmName"], "state": state, "previousState": {"value": before}}
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [record["AlarmArn"]],
    }
