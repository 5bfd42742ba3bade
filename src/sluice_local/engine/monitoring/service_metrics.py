"""The metrics that Lambda, SQS, EventBridge and Step Functions give to CloudWatch.

AWS: each service sends its metrics once a minute, SQS those of queues that were in use in the last six hours,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
and https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html.

MiniStack 1.5.33: has those of Lambda only, of what the Invoke API calls alone, and with the time of its end.

Fixed by keeping them as things happen, and by a look at all queues and running functions each minute, after
which the alarms are evaluated. Activities tell of their tasks by `record`.
"""

import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sluice_local.alarms import service_metrics
from sluice_local.alarms.evaluation import MINUTE
from sluice_local.alarms.service_metrics import Datum
from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private
from sluice_local.engine.monitoring import alarms

_IN_USE_SECONDS = 6 * 3600
_LOOK_SECOND = 5

_keeping = threading.Lock()
_log = logging.getLogger(__name__)


def install(engine: Engine) -> None:
    """Keep the services' metrics, and evaluate the alarms each minute."""
    running, queues, every = RunningFunctions(), QueuesInUse(), engine.settings.alarm_seconds
    ministack.wrap("services.lambda_svc._execute_function_warm", functools.partial(_measured, running))
    ministack.wrap("services.lambda_svc._emit_lambda_metrics", _throttles_only)
    ministack.wrap("services.eventbridge._invoke_target", _counting_rules)

    def look() -> None:
        engine.loop.call_later(seconds_to_next_look(time.time(), every), look)
        try:
            record([*running.report(time.time()), *_queue_data(queues, time.time())])
            alarms.evaluate_all()
        except Exception:  # noqa: BLE001 - the top of a timer: what is wrong is logged, and the next look comes
            _log.exception("The metrics of this minute could not be looked at")

    engine.loop.call_later(seconds_to_next_look(time.time(), every), look)


def seconds_to_next_look(now_second: float, every_seconds: float) -> float:
    """Return the seconds until the next look; of those once a minute, at its fifth second."""
    return every_seconds - (now_second - _LOOK_SECOND) % every_seconds


def record(data: Iterable[Datum]) -> None:
    """Keep data, by the minute; callable from any thread."""
    dimensions_key = ministack.private("services.cloudwatch._dims_key")
    bucket = ministack.private("services.cloudwatch._metric_bucket")
    for datum in data:
        metric, seen = datum.metric, datum.observation
        dimensions = dict(metric.dimensions)
        minute, value = seen.at_second // MINUTE * MINUTE, seen.total / seen.count
        point = {"Timestamp": minute, "Unit": datum.unit, "Dimensions": dimensions, "Value": value}
        with _keeping:
            points = bucket((metric.namespace, metric.name, dimensions_key(dimensions)))
            last = points[-1] if points else {}
            if (last.get("Timestamp"), last.get("Value")) == (minute, value):
                last["Count"] += seen.count
            else:
                points.append({**point, "Count": seen.count})


@dataclass
class RunningFunctions:
    """How many invocations of each function run; safe on any thread."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counted(self, function: str, now_second: float) -> Iterator[Datum]:
        """Count an invocation while it runs; gives how many run as it begins."""
        with self.lock:
            self.counts[function] += 1
            datum = service_metrics.functions_running(function, now_second, self.counts[function])
        try:
            yield datum
        finally:
            with self.lock:
                self.counts[function] -= 1

    def report(self, now_second: float) -> list[Datum]:
        """Return how many run now, of functions that run."""
        with self.lock:
            return [
                service_metrics.functions_running(function, now_second, count)
                for function, count in self.counts.items()
                if count
            ]


@dataclass
class QueuesInUse:
    """Which queues tell of themselves: those that have held a message in the last six hours."""

    last_held: dict[str, float] = field(default_factory=dict)

    def is_in_use(self, queue: str, held: int, now_second: float) -> bool:
        """Say so of a queue that holds so many messages now, received ones included."""
        if held:
            self.last_held[queue] = now_second
        return now_second - self.last_held.get(queue, float("-inf")) < _IN_USE_SECONDS


def _queue_data(queues: QueuesInUse, now_second: float) -> Iterator[Datum]:
    for queue in list(ministack.private("services.sqs._queues").values()):
        name = queue["attributes"]["QueueArn"].rpartition(":")[2]
        messages = list(queue["messages"])
        if queues.is_in_use(name, len(messages), now_second):
            visible = sum(each.get("visible_at", 0) <= now_second for each in messages)
            yield service_metrics.messages_visible(name, now_second, visible)


def _measured(running: RunningFunctions, execute: Private) -> Private:
    @functools.wraps(execute)
    def measured(function: dict[str, Any], event: object, request_id: str) -> dict[str, Any]:
        name = (function.get("config") or function)["FunctionName"]
        began, started = time.time(), time.monotonic()
        with running.counted(name, began) as datum:
            record([datum])
            result: dict[str, Any] = execute(function, event, request_id)
        if result.get("throttle"):
            return result  # it never ran
        seconds, failed = time.monotonic() - started, bool(result.get("error"))
        record(service_metrics.invocation_ended(name, began, seconds, failed=failed))
        return result

    return measured


def _counting_rules(invoke_target: Private) -> Private:
    @functools.wraps(invoke_target)
    def count(target: dict[str, Any], event: Private, rule: dict[str, Any], view: Private = None) -> None:
        invoke_target(target, event, rule, view)
        record([service_metrics.rule_invoked(rule["Name"], time.time())])

    return count


def _throttles_only(emit: Private) -> Private:
    """What is refused never runs, so that only MiniStack can count it."""

    @functools.wraps(emit)
    def count(function: str, *, throttle: bool, **_: Private) -> None:
        if throttle:
            record([service_metrics.invocation_throttled(function, time.time())])

    return count
