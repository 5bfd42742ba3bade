"""Gap: MiniStack's CloudFormation refuses an alarm on an expression over several metrics.

AWS takes `Metrics` in place of `MetricName`:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
Such an alarm is made here, and described with its expression; it is never evaluated, so that its state stays
INSUFFICIENT_DATA.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sluice_local.engine import ministack

Properties = Mapping[str, Any]
Record = Callable[[str, Properties], dict[str, Any]]

_RECORD = "services.cloudformation.provisioners._cw_metric_alarm_record"
_STAND_IN = {"MetricName": "expression", "Namespace": "not evaluated"}


def install() -> None:
    """Let CloudFormation make alarms on expressions.

    Raises:
        EngineMismatchError: if MiniStack's maker of alarms is not where it was.
    """
    ministack.wrap(_RECORD, _with_expressions)


def _with_expressions(record: Record) -> Record:
    def record_any(name: str, properties: Properties) -> dict[str, Any]:
        if not properties.get("Metrics"):
            return record(name, properties)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        return {**record(name, {**plain, **_STAND_IN}), "Metrics": properties["Metrics"]}

    return record_any
