"""What looks for work that no event announced: at metrics often, at the Activity rarely and briefly."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from sluice.aws.activity_metrics import CloudWatchActivity
from sluice.errors import DeniedError, ServiceError, ThrottledError
from sluice.events import is_look
from sluice.pollers.chain import Wanted, wanted_pollers
from sluice.pollers.hand import BRIEF, Crew
from sluice.pollers.look import LOOK_MS, Look
from sluice.pollers.request import read_poller_round
from sluice.runtime.settings import Settings, read_settings
from sluice.runtime.telemetry import LambdaTelemetry
from submit_jobs.app import BRIEF_SECONDS
from tests.structure.test_bounds import RESOURCES
from tests.support.fakes import FakeClock, KeptTelemetry
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
    assert CloudWatchActivity(client, "arn:activity").tasks_came(60_000, 120_000) is came
    assert client.asked["StartTime"] == datetime.fromtimestamp(60, UTC)
    assert client.asked["EndTime"] == datetime.fromtimestamp(120, UTC)
    asked = client.asked["MetricDataQueries"][0]["MetricStat"]["Metric"]
    assert asked["Dimensions"] == [{"Name": "ActivityArn", "Value": "arn:activity"}]


class Lookout:
    """A look that finds something or nothing, or is not to be made."""

    def __init__(self, *, nothing: bool | None) -> None:
        self.nothing = nothing

    def __call__(self) -> bool:
        assert self.nothing is not None
        return self.nothing


LOOK = {"look": True}
PROBE = Wanted(range(1), probe=True)
ALL = Wanted(range(2), probe=False)


def test_a_look_starts_a_probe_if_tasks_came_and_nothing_otherwise() -> None:
    assert wanted_pollers(settings(), LOOK, Lookout(nothing=False)) == PROBE
    assert not wanted_pollers(settings(), LOOK, Lookout(nothing=True)).slots


def test_only_a_look_looks_and_not_for_pollers_that_are_always_on() -> None:
    nobody = Lookout(nothing=None)
    assert wanted_pollers(settings(), {}, nobody) == PROBE
    assert wanted_pollers(settings(), {"Records": []}, nobody) == ALL
    assert wanted_pollers(settings(ALWAYS_ON="true"), LOOK, nobody) == ALL


@dataclass
class Answer:
    """CloudWatch that says whether tasks came, or fails."""

    came: bool | ServiceError
    asked: list[tuple[int, int]] = field(default_factory=list)

    def tasks_came(self, since_ms: int, now_ms: int) -> bool:
        self.asked.append((since_ms, now_ms))
        if isinstance(self.came, ServiceError):
            raise self.came
        return self.came


@pytest.mark.parametrize("came", [False, True])
def test_a_look_goes_back_to_the_one_before_and_further(came: bool) -> None:
    answer, clock = Answer(came), FakeClock()
    assert Look(answer, KeptTelemetry(), clock).found_nothing() is not came
    assert answer.asked == [(clock.now_ms() - LOOK_MS, clock.now_ms())]


@pytest.mark.parametrize("error", [ThrottledError("Rate exceeded"), DeniedError("no GetMetricData")])
def test_a_look_without_an_answer_asks_the_activity_and_says_so(error: ServiceError) -> None:
    telemetry = KeptTelemetry()
    look = Look(Answer(error), telemetry, FakeClock())
    assert wanted_pollers(settings(), LOOK, look.found_nothing) == PROBE
    assert telemetry.failed_looks == [error]
    assert telemetry.drain() == {"LooksFailed": 1}


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
    assert Crew(100, 20).at_most(BRIEF) == BRIEF
    assert Crew(5, 1).at_most(BRIEF) == Crew(5, 1), "OpenPolls and PollerThreads count for a probe too"
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
