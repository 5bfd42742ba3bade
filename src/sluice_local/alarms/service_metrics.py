"""The data that AWS's services themselves give to CloudWatch.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
and https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sluice_local.alarms.model import Metric
from sluice_local.alarms.statistics import Observation


@dataclass(frozen=True)
class Datum:
    """An observation of a metric, with CloudWatch's name of its unit."""

    metric: Metric
    unit: str
    observation: Observation


def invocation_ended(function: str, began_second: float, seconds: float, *, failed: bool) -> Iterator[Datum]:
    """Yield what Lambda reports once an invocation has ended: all of it with the time at which it began.

    So an error of a function that ran for ten minutes is ten minutes old when it becomes known.
    """
    values = {
        ("Invocations", "Count"): 1.0,
        ("Errors", "Count"): float(failed),
        ("Duration", "Milliseconds"): seconds * 1000,
    }
    for (name, unit), value in values.items():
        yield _of_function(function, name, unit, Observation.of(began_second, value))


def invocation_throttled(function: str, at_second: float) -> Datum:
    """Return what Lambda reports of an invocation that it refused."""
    return _of_function(function, "Throttles", "Count", Observation.of(at_second, 1.0))


def functions_running(function: str, at_second: float, running: int) -> Datum:
    """Return what Lambda reports each minute of a function that runs."""
    observation = Observation.of(at_second, float(running))
    return _of_function(function, "ConcurrentExecutions", "Count", observation)


def messages_visible(queue: str, at_second: float, messages: int) -> Datum:
    """Return what SQS reports each minute of a queue that is in use."""
    metric = Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue})
    return Datum(metric, "Count", Observation.of(at_second, float(messages)))


def rule_invoked(rule: str, at_second: float) -> Datum:
    """Return what EventBridge reports of a rule that gives an event to a target."""
    metric = Metric.of("AWS/Events", "Invocations", {"RuleName": rule})
    return Datum(metric, "Count", Observation.of(at_second, 1.0))


def activities_scheduled(activity_arn: str, at_second: float, tasks: int = 1) -> Datum:
    """Return what Step Functions reports of tasks that begin to wait for a poller."""
    return _of_activity(activity_arn, "ActivitiesScheduled", "Count", Observation.of(at_second, 1.0, tasks))


def activities_started(activity_arn: str, at_second: float, tasks: int = 1) -> Datum:
    """Return what Step Functions reports of tasks that pollers have taken."""
    return _of_activity(activity_arn, "ActivitiesStarted", "Count", Observation.of(at_second, 1.0, tasks))


def activity_waited(activity_arn: str, at_second: float, seconds: float) -> Datum:
    """Return what Step Functions reports of the time that a task has waited for its poller."""
    observation = Observation.of(at_second, seconds * 1000)
    return _of_activity(activity_arn, "ActivityScheduleTime", "Milliseconds", observation)


def _of_function(function: str, name: str, unit: str, observation: Observation) -> Datum:
    return Datum(Metric.of("AWS/Lambda", name, {"FunctionName": function}), unit, observation)


def _of_activity(arn: str, name: str, unit: str, observation: Observation) -> Datum:
    return Datum(Metric.of("AWS/States", name, {"ActivityArn": arn}), unit, observation)
