"""Every alarm of the template has a test in which it rings, and one in which it must not."""

from __future__ import annotations

import pytest

from sluice_local.alarms.model import Alarm
from tests.functional.alarms.scenarios import RINGS, STAYS_QUIET
from tests.functional.alarms.watching import TEMPLATE, alarm_properties


@pytest.mark.parametrize("alarm", alarm_properties())
def test_every_alarm_has_a_day_on_which_it_rings_and_one_on_which_it_must_not(alarm: str) -> None:
    assert alarm in {each.alarm for each in RINGS}
    assert alarm in {each.alarm for each in STAYS_QUIET}


def test_every_function_counts_among_the_errors() -> None:
    metrics = alarm_properties()["FunctionErrorsAlarm"]["Metrics"]
    watched = {
        dimension["Value"]
        for each in metrics
        for dimension in each.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
    }
    metrics = [alarm_properties()["ReconcilerAlarm"]["Dimensions"][0]["Value"]]
    functions = {name for name, each in TEMPLATE["Resources"].items() if each["Type"].endswith("::Function")}
    assert functions - watched - set(metrics) == WATCHED_OTHERWISE.keys()


WATCHED_OTHERWISE = {
    "CountSamplesFunction": "SampleEndsDeadLettersAlarm; reconcile_samples counts what it did not",
    "ProbeActivityFunction": "its poller fails, which wakes the next; NoPollerAlarm",
}
"""Functions whose errors are no metric of an alarm, as each metric costs, and what tells of them instead."""


@pytest.mark.parametrize("alarm", alarm_properties())
def test_an_alarm_says_what_it_means(alarm: str) -> None:
    assert alarm_properties()[alarm]["AlarmDescription"]


@pytest.mark.parametrize("alarm", alarm_properties())
def test_an_alarm_keeps_to_what_cloudwatch_allows(alarm: str) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
    # and https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
    read = Alarm.from_properties(alarm_properties()[alarm])
    assert len(read.stats) <= 10
    assert read.evaluation_periods * read.period_seconds <= 86_400
    assert read.datapoints_to_alarm <= read.evaluation_periods
    assert read.warm_up_minutes <= 2_880
