"""Metrics that functions write into their logs.

AWS: a log line in the embedded metric format becomes data points of CloudWatch,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.

MiniStack 1.5.33: keeps the line as it is, so that no metric of a function is ever known.

Fixed by reading each function's log as it is written; one that may not be written tells no metric either.
"""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

_MARK = '"_aws"'


@dataclass(frozen=True)
class Datum:
    """Values of a metric at one moment, in seconds since the epoch."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    unit: str
    at_second: float
    values: tuple[float, ...]


def install() -> None:
    """Read the functions' logs; to be installed before what decides whether they may be written."""
    ministack.wrap("services.lambda_svc._emit_lambda_logs", _reading)


def metrics_in(log: str) -> Iterator[Datum]:
    """Read the metrics of a log; lines that are not in the format are no metrics."""
    for line in log.splitlines():
        if _MARK in line and line.startswith("{"):
            try:
                yield from _metrics_of(json.loads(line))
            except (ValueError, LookupError, TypeError, AttributeError):
                continue


def _metrics_of(document: Mapping[str, Any]) -> Iterable[Datum]:
    about = document["_aws"]
    return [
        Datum(
            namespace=directive["Namespace"],
            name=metric["Name"],
            dimensions={name: str(document[name]) for name in names},
            unit=metric.get("Unit", "None"),
            at_second=about["Timestamp"] / 1000,
            values=_numbers(document[metric["Name"]]),
        )
        for directive in about["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
    ]


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(float(each) for each in value) if isinstance(value, list) else (float(value),)


def _reading(emit: Private) -> Private:
    store = ministack.private("services.cloudwatch._store_datum")

    @functools.wraps(emit)
    def read(function: dict[str, Any], request_id: str, log: str, *more: Any, **keywords: Any) -> None:
        for each in metrics_in(log):
            values = list(each.values)
            store(
                each.namespace,
                each.name,
                dict(each.dimensions),
                each.at_second,
                each.unit,
                None,
                values,
                None,
                None,
            )
        emit(function, request_id, log, *more, **keywords)

    return read
