"""An alarm of the template under watch, evaluated each minute of a made-up day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice_local.alarms import service_metrics
from sluice_local.alarms.evaluation import EXTRA_PERIODS, MINUTE, Standing, state_of
from sluice_local.alarms.model import Alarm, Metric, State
from sluice_local.alarms.statistics import Observation
from sluice_local.packaging import read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sluice_local.alarms.service_metrics import Datum

TEMPLATE = read_template((Path(__file__).parents[3] / "template.yaml").read_text())
STACK = "sluice"
MIDNIGHT = 1_795_392_000.0
LATE_SECONDS = 90.0
"""How late data come to CloudWatch: a minute is gathered first."""


def alarm_properties() -> dict[str, dict[str, Any]]:
    """The template's alarms with its parameters' defaults; what Ref and GetAtt name stands for itself."""
    resources = TEMPLATE["Resources"].items()
    alarms = {name: each for name, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}
    return {name: _resolved(each["Properties"]) for name, each in alarms.items()}


def _resolved(value: Any) -> Any:
    match value:
        case {"Ref": "AWS::StackName"}:
            return STACK
        case {"Ref": name}:
            return TEMPLATE["Parameters"].get(name, {}).get("Default", name)
        case {"Fn::GetAtt": [name, _]}:
            return name
        case dict():
            return {name: _resolved(each) for name, each in value.items()}
        case list():
            return [_resolved(each) for each in value]
    return value


@dataclass
class Day:
    """What happens in a stack, in minutes since midnight, and the data of it that CloudWatch gets.

    Attributes:
        each_minute: whether Lambda reports a function each minute that it runs, or only as it begins; AWS
            documents neither.
        known: when what became known of each metric.
    """

    each_minute: bool = True

    known: defaultdict[Metric, list[tuple[float, Observation]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def invoke(self, function: str, at: float, *, seconds: float = 1, failed: bool = False) -> None:
        """A function is invoked and runs for so long."""
        began = _second(at)
        for minute in range(int(seconds // MINUTE) + 1 if self.each_minute else 1):
            running = service_metrics.functions_running(function, began + minute * MINUTE, 1)
            self._add([running], began + minute * MINUTE)
        ended = service_metrics.invocation_ended(function, began, seconds, failed=failed)
        self._add(ended, began + seconds)

    def schedule_tasks(self, at: float, tasks: int) -> None:
        """So many tasks begin to wait for a poller."""
        self._add([service_metrics.activities_scheduled("Activity", _second(at), tasks)], _second(at))

    def take_tasks(self, at: float, tasks: int) -> None:
        """Pollers take so many tasks."""
        self._add([service_metrics.activities_started("Activity", _second(at), tasks)], _second(at))

    def hold_messages(self, queue: str, minutes: Iterable[int], messages: int) -> None:
        """A queue holds so many messages in these minutes."""
        for minute in minutes:
            self._add([service_metrics.messages_visible(queue, _second(minute), messages)], _second(minute))

    def log_metric(self, name: str, at: float, value: float) -> None:
        """A function of Sluice's logs a metric."""
        metric = Metric.of("Sluice", name, {"service": STACK})
        self.known[metric].append((_second(at) + LATE_SECONDS, Observation.of(_second(at), value)))

    def seen(self, metric: Metric, by_second: float) -> list[Observation]:
        """What CloudWatch has of a metric by then."""
        return [each for known_at, each in self.known[metric] if known_at <= by_second]

    def _add(self, data: Iterable[Datum], known_from: float) -> None:
        for each in data:
            self.known[each.metric].append((known_from + LATE_SECONDS, each.observation))


def states(
    properties: Mapping[str, Any], day: Day, minutes: int, *, extra: int = EXTRA_PERIODS
) -> list[State]:
    """The states of an alarm that is made at midnight, after each minute's evaluation."""
    alarm, state, found = Alarm.from_properties(properties), State.INSUFFICIENT_DATA, []
    for minute in range(minutes):
        now = MIDNIGHT + minute * MINUTE + 5
        seen = partial(day.seen, by_second=now)
        state = state_of(alarm, seen, now, Standing(state, MIDNIGHT), extra_periods=extra)
        found.append(state)
    return found


def _second(minute: float) -> float:
    # no minute of the day begins where a minute of CloudWatch's does
    return MIDNIGHT + minute * MINUTE + 17
