"""What looks for work that no event announced: at metrics often, at the Activity rarely and briefly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sluice.aws.activity_metrics import ActivityMetrics
from sluice.events import is_look
from sluice.pollers.chain import LOOK_MS, wanted_pollers
from sluice.pollers.hand import BRIEF
from sluice.pollers.request import read_poller_round
from sluice.runtime.settings import Settings, read_settings
from sluice.runtime.telemetry import LambdaTelemetry
from submit_jobs.app import BRIEF_SECONDS
from tests.structure.test_bounds import RESOURCES
from tests.unit.sluice.runtime.test_settings import GOOD


def settings(**given: str) -> Settings:
    return read_settings({**GOOD, "ALWAYS_ON": "false", "POLLER_COUNT": "2", **given})


class Metrics:
    """CloudWatch with some data; keeps what it was asked."""

    def __init__(self, *values: float) -> None:
        self.values = values
        self.asked: dict[str, Any] = {}

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        return {"MetricDataResults": [{"Id": "came", "Values": list(self.values)}]}


@pytest.mark.parametrize(("values", "came"), [((), False), ((0.0,), False), ((0.0, 3.0), True)])
def test_tasks_came_if_cloudwatch_counted_one(values: tuple[float, ...], came: bool) -> None:
    client = Metrics(*values)
    assert ActivityMetrics(client, "arn:activity").tasks_came(60_000, 120_000) is came
    assert client.asked["StartTime"] == datetime.fromtimestamp(60, UTC)
    assert client.asked["EndTime"] == datetime.fromtimestamp(120, UTC)
    asked = client.asked["MetricDataQueries"][0]["MetricStat"]["Metric"]
    assert asked["Dimensions"] == [{"Name": "ActivityArn", "Value": "arn:activity"}]


def test_a_look_starts_pollers_if_tasks_came_and_nothing_otherwise() -> None:
    assert wanted_pollers(settings(), woken=True, look=True).slots == range(2)
    assert not wanted_pollers(settings(), woken=True, look=True).probe
    assert not wanted_pollers(settings(), woken=False, look=True).slots


def test_a_look_keeps_pollers_that_are_always_on() -> None:
    assert wanted_pollers(settings(ALWAYS_ON="true"), woken=False, look=True).slots == range(2)


def test_what_the_schedule_sends_is_a_look_and_each_minute_is_looked_at_in_time() -> None:
    look = RESOURCES["EnsurePollersFunction"]["Properties"]["Events"]["Look"]["Properties"]
    assert is_look(json.loads(look["Input"]))
    assert not is_look({})
    assert look["ScheduleExpression"] == "rate(15 minutes)"
    # ten minutes for data and schedules that are late
    assert LOOK_MS == (15 + 10) * 60_000
    periods = RESOURCES["NoPollerAlarm"]["Properties"]["EvaluationPeriods"]
    assert periods > 15


def test_a_probe_is_brief_only_in_the_small_function() -> None:
    assert read_poller_round({"slot": 0, "probe": True, "brief": True}).brief
    # an execution that began before a deployment goes on with its own definition, in the large function
    assert not read_poller_round({"slot": 0, "probe": True}).brief


def test_a_probe_opens_few_polls_once() -> None:
    assert 1 < BRIEF.polls <= 10
    assert BRIEF_SECONDS == 1


def test_a_run_that_finds_nothing_sends_no_metric(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = LambdaTelemetry()
    assert telemetry.publish("open tasks looked at", {"OldestOpenTaskAge": 0}) == {}
    assert capsys.readouterr().out == ""
    telemetry.count("PollersStarted")
    assert telemetry.publish("pollers started", unsent=("PollersStarted",)) == {"PollersStarted": 1}
    assert "CloudWatchMetrics" not in capsys.readouterr().out
    telemetry.count("PollersStarted")
    telemetry.publish("pollers started")
    assert "CloudWatchMetrics" in capsys.readouterr().out
