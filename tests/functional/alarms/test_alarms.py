"""Each alarm of the template rings when it should, and only then."""

from __future__ import annotations

import pytest

from sluice_local.alarms.model import State
from tests.functional.alarms.scenarios import HOURS, RINGS, STAYS_QUIET, Scenario, healthy
from tests.functional.alarms.watching import Day, alarm_properties, states

ALARMS = alarm_properties()

EXTRAS = (1, 2, 6)
"""Periods that CloudWatch looks at beyond an alarm's own: AWS does not say how many, so none may matter."""


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("scenario", RINGS, ids=str)
def test_it_rings(scenario: Scenario, extra: int) -> None:
    day = Day()
    scenario.happens(day)
    assert State.ALARM in states(ALARMS[scenario.alarm], day, scenario.within, extra=extra)


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("each_minute", [True, False], ids=["running", "beginning"])
@pytest.mark.parametrize("scenario", STAYS_QUIET, ids=str)
def test_it_does_not_ring(scenario: Scenario, each_minute: bool, extra: int) -> None:
    day = Day(each_minute)
    scenario.happens(day)
    assert State.ALARM not in states(ALARMS[scenario.alarm], day, scenario.within, extra=extra)


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_new_stack_without_work_is_quiet(alarm: str) -> None:
    day = Day()
    healthy(day)
    assert State.ALARM not in states(ALARMS[alarm], day, HOURS)


def test_untaken_tasks_ring_until_a_poller_runs() -> None:
    day = Day()
    day.schedule_tasks(20, 1800)
    day.invoke("SubmitJobsFunction", 200, seconds=60)
    found = states(ALARMS["NoPollerAlarm"], day, HOURS)
    rang = found.index(State.ALARM)
    assert set(found[rang:201]) == {State.ALARM}
    assert set(found[204:]) == {State.OK}


def test_tasks_that_nobody_takes_ring_whenever_they_come() -> None:
    for minute in range(30, 50):
        day = Day()
        healthy(day, minutes=minute - 1)
        day.schedule_tasks(minute, 1)
        assert State.ALARM in states(ALARMS["NoPollerAlarm"], day, minute + 25), minute
