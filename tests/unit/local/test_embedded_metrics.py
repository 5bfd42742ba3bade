"""What is read of a function's log as metrics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sluice_local.engine.functions.embedded_metrics import Datum, metrics_in


def line(**fields: Any) -> str:
    """A line as Powertools writes it."""
    directive = {
        "Namespace": "Sluice",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "JobsSubmitted", "Unit": "Count"}],
    }
    about = {"Timestamp": 1_795_416_900_000, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, "service": "sluice", "JobsSubmitted": [3.0], **fields})


def test_a_line_in_the_embedded_format_is_a_metric_with_its_dimensions() -> None:
    log = f"START\n{line()}\n{line(JobsSubmitted=4)}\nEND"
    of = ("Sluice", "JobsSubmitted", {"service": "sluice"}, "Count", 1_795_416_900.0)
    assert list(metrics_in(log)) == [Datum(*of, (3.0,)), Datum(*of, (4.0,))]


@pytest.mark.parametrize(
    "log",
    [
        "",
        "JobsSubmitted 3",
        '{"message": "round over", "JobsSubmitted": 3}',
        '{"_aws": ',
        '{"_aws": {"CloudWatchMetrics": [{}]}}',
        line(JobsSubmitted="many"),
    ],
)
def test_other_lines_are_no_metrics(log: str) -> None:
    assert list(metrics_in(log)) == []
