"""What must make each alarm of the template ring, and what must not.

tests/structure/test_alarms.py sees to it that every alarm has one of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.functional.alarms.watching import TEMPLATE, Day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOURS = 4 * 60
ROUND_SECONDS = TEMPLATE["Parameters"]["RoundSeconds"]
ROUND_MINUTES = ROUND_SECONDS["Default"] / 60
"""How long a busy poller's function runs; what it counted becomes known at the end."""
LONGEST_ROUND_MINUTES = ROUND_SECONDS["MaxValue"] / 60 + 1
"""The last long poll of a round takes a minute more."""


@dataclass(frozen=True)
class Scenario:
    """A day that makes an alarm ring, or not.

    Attributes:
        alarm: its name in the template.
        name: what happens.
        happens: to a healthy stack, in minutes since it was made.
        within: minutes until which the alarm rings, or for which it must not.
    """

    alarm: str
    name: str
    happens: Callable[[Day], None]
    within: int = HOURS

    def __str__(self) -> str:
        """The alarm and what happens."""
        return f"{self.alarm}: {self.name}"


def healthy(day: Day, *, minutes: int = HOURS) -> None:
    """A stack without work: its schedules fire, and a probe comes now and then."""
    for minute in range(1, minutes):
        reconciled(day, minute)
    for minute in range(3, minutes, 5):
        day.invoke("ReconcileSamplesFunction", minute)
    for minute in range(1, minutes, 15):
        polled(day, minute)


def reconciled(day: Day, minute: float, oldest_seconds: float = 0) -> None:
    """The reconciler runs."""
    day.invoke("ReconcileTasksFunction", minute, seconds=2)
    if oldest_seconds:
        day.log_metric("OldestOpenTaskAge", minute, oldest_seconds)


def polled(day: Day, minute: float, *, minutes: float = 1) -> None:
    """A poller runs."""
    day.invoke("EnsurePollersFunction", minute)
    day.invoke("SubmitJobsFunction", minute, seconds=minutes * 60)


def untaken(day: Day, minute: float = 20) -> None:
    """1,800 tasks come within a minute, and no poller ever runs."""
    for each in range(1, HOURS):
        reconciled(day, each)
    day.schedule_tasks(minute, 1800)


def taken(day: Day, *, wait: float) -> None:
    """1,800 tasks come, and a poller takes them after so many minutes."""
    healthy(day)
    day.schedule_tasks(20, 1800)
    polled(day, 20 + wait, minutes=4)
    day.take_tasks(20 + wait + 0.5, 1800)


def stopped_while_waiting(day: Day) -> None:
    """Half of the tasks are never taken, as their workflows are stopped."""
    healthy(day)
    day.schedule_tasks(20, 1800)
    polled(day, 20.2, minutes=4)
    day.take_tasks(20.7, 900)


def busy_for_hours(day: Day) -> None:
    """Tasks come for hours; the poller's rounds are ten minutes long and follow each other."""
    healthy(day)
    for each in range(20, 200):
        day.schedule_tasks(each, 600)
        day.take_tasks(each + 0.5, 590)
    for number in range(18):
        polled(day, 20.2 + number * ROUND_MINUTES, minutes=ROUND_MINUTES)


def throttled(day: Day, minutes: Sequence[float]) -> None:
    """SubmitJob is throttled in rounds that end so many minutes after the first."""
    healthy(day)
    for minute in minutes:
        day.log_metric("SubmitThrottled", 20 + minute, 40)


def dead_letters(day: Day, queue: str, messages: int) -> None:
    """A dead-letter queue holds messages for an hour and a half."""
    healthy(day)
    day.hold_messages(queue, range(30), 0)
    day.hold_messages(queue, range(30, 120), messages)


def failing(day: Day, function: str, *, seconds: float) -> None:
    """One invocation fails after so many seconds, while all others succeed."""
    healthy(day)
    day.invoke(function, 30, seconds=seconds, failed=True)


def waiting_long(day: Day, seconds: int) -> None:
    """A task is so old at last, and looked at every five minutes."""
    healthy(day)
    for minute in range(2, HOURS, 5):
        reconciled(day, minute, oldest_seconds=max(0, seconds - (HOURS - minute) * 60))


def reconciler_ends(day: Day) -> None:
    """The reconciler runs for an hour and then no more."""
    for minute in range(1, 60):
        reconciled(day, minute)


def late_first_run(day: Day) -> None:
    """The schedules of a new stack fire for the first time after some minutes."""
    for minute in range(6, HOURS):
        reconciled(day, minute)


DEAD_LETTERS = ("JobEvents", "Cancellations", "WakeUps", "SampleEnds")
LIMIT_SECONDS = TEMPLATE["Parameters"]["OldestTaskAlarmSeconds"]["Default"]
LONGEST_SECONDS = max(
    each["Properties"].get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])
    for each in TEMPLATE["Resources"].values()
    if each["Type"] == "AWS::Serverless::Function"
)
WATCHED = [
    each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
    for each in TEMPLATE["Resources"]["FunctionErrorsAlarm"]["Properties"]["Metrics"]
    if "MetricStat" in each
]

RINGS = [
    Scenario("NoPollerAlarm", "1,800 tasks come in one minute and no poller runs", untaken, within=45),
    Scenario("NoPollerAlarm", "they are the new stack's first", partial(untaken, minute=1), within=26),
    Scenario(
        "ThrottledAlarm",
        "two rounds after another are throttled",
        partial(throttled, minutes=(0, ROUND_MINUTES + 1)),
        within=40,
    ),
    Scenario(
        "ThrottledAlarm",
        "two rounds of the longest kind are throttled",
        partial(throttled, minutes=(0, LONGEST_ROUND_MINUTES)),
        within=45,
    ),
    Scenario(
        "OldestTaskAlarm",
        "a task is too old",
        partial(waiting_long, seconds=LIMIT_SECONDS + 1200),
        within=HOURS,
    ),
    Scenario("ReconcilerAlarm", "the reconciler runs no more", reconciler_ends, within=105),
    Scenario("ReconcilerAlarm", "the reconciler never ran", lambda _: None, within=61),
    Scenario(
        "ReconcilerAlarm",
        "a run fails",
        partial(failing, function="ReconcileTasksFunction", seconds=1),
        within=61,
    ),
    *(
        Scenario(
            "FunctionErrorsAlarm", f"{name} fails", partial(failing, function=name, seconds=1), within=36
        )
        for name in WATCHED
    ),
    Scenario(
        "FunctionErrorsAlarm",
        "an invocation fails after the longest time that it may take",
        partial(failing, function="SubmitJobsFunction", seconds=LONGEST_SECONDS),
        within=31 + LONGEST_SECONDS // 60 + 5,
    ),
    *(
        Scenario(
            f"{name}DeadLettersAlarm",
            "an event failed",
            partial(dead_letters, queue=f"{name}DeadLetters", messages=1),
            within=35,
        )
        for name in DEAD_LETTERS
    ),
]
"""Each rings within its time, and not without what happens."""

STAYS_QUIET = [
    Scenario("NoPollerAlarm", "a poller takes the tasks at once", partial(taken, wait=0.2)),
    Scenario("NoPollerAlarm", "the next look at the metrics finds the tasks", partial(taken, wait=17)),
    Scenario("NoPollerAlarm", "workflows are stopped while their tasks wait", stopped_while_waiting),
    Scenario("NoPollerAlarm", "work goes on for hours", busy_for_hours),
    Scenario("ThrottledAlarm", "one round is throttled", partial(throttled, minutes=(0,))),
    Scenario("ThrottledAlarm", "a round in 35 minutes is throttled", partial(throttled, minutes=(0, 35, 70))),
    Scenario("OldestTaskAlarm", "all tasks are young enough", partial(waiting_long, seconds=LIMIT_SECONDS)),
    Scenario("OldestTaskAlarm", "the reconciler runs no more", reconciler_ends),
    Scenario("ReconcilerAlarm", "a new stack's schedules fire late", late_first_run),
    Scenario("ReconcilerAlarm", "tasks are old", partial(waiting_long, seconds=LIMIT_SECONDS + 1200)),
    Scenario("FunctionErrorsAlarm", "all invocations succeed", busy_for_hours),
    *(
        Scenario(
            f"{name}DeadLettersAlarm",
            "the queue is empty",
            partial(dead_letters, queue=f"{name}DeadLetters", messages=0),
        )
        for name in DEAD_LETTERS
    ),
]
"""None of these rings, nor does a new stack without work."""
