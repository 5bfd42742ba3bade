"""Whether the stack has come to a wall that `sluice plan` names: heartbeats, SubmitJob, table partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice_cli.doctor.finding import ok, warning
from sluice_cli.doctor.metrics import metric_stat, values_since
from sluice_cli.plan.estimate import LOOK_EVERY_SECONDS
from sluice_cli.plan.walls import HEARTBEATS_PER_SECOND, OPEN_TASKS
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

NEAR: Final = 0.9
"""Of MaxOpenTasks: from then on it is near."""
LATELY_SECONDS: Final = 900
LONG_SECONDS: Final = 120
"""For a poller that was asleep a task waits a minute at most; for longer only where more come than go."""
SUBMITS_PER_SECOND: Final = 49
"""The default of the template's parameter SubmitRatePerSecond."""
KINDS: Final = ("Read", "Write")


def check_walls(context: CheckContext) -> Iterator[Finding]:
    """Counts the open tasks, and asks how long tasks waited and which tables throttled of late."""
    most = int(context.parameter("MaxOpenTasks", OPEN_TASKS))
    count = context.api.tasks(context.stack.output("TaskTableName")).count_open()
    held_back = [*_open_tasks(count, most)] or [*_waits(context)]
    walls = [*_heartbeats(context, most), *held_back, *_throttles(context)]
    says = f"{count:,} tasks are open, and {most:,} may be; nothing holds tasks back"
    yield from walls or [ok("walls", says)]


def _heartbeats(context: CheckContext, most: int) -> Iterator[Finding]:
    every_seconds = context.parameter("ReconcileHeartbeatSeconds", LOOK_EVERY_SECONDS)
    in_time = int(HEARTBEATS_PER_SECOND * every_seconds)
    if most > in_time:
        every = span(every_seconds)
        says = f"MaxOpenTasks is {most:,}, and {in_time:,} tasks can have a heartbeat every {every}"
        way_out = (
            f"Deploy with MaxOpenTasks={in_time}, or with a longer ReconcileHeartbeatSeconds; the states' "
            "HeartbeatSeconds must be at least three times that."
        )
        yield warning("heartbeats", says, way_out)


def _open_tasks(count: int, most: int) -> Iterator[Finding]:
    if count >= NEAR * most:
        wait = "further ones wait" if count >= most else f"from {most:,} on further ones wait"
        says = f"{count:,} tasks are open; {wait} in the Activity (MaxOpenTasks)"
        way_out = (
            "Nothing is lost. If they should not wait, raise MaxOpenTasks and ReconcileHeartbeatSeconds "
            "together: docs/design.md says how far."
        )
        yield warning("open tasks", says, way_out)


def _waits(context: CheckContext) -> Iterator[Finding]:
    """Says that tasks wait for SubmitJob's rate, as there is room for more open ones.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    activity = {"ActivityArn": context.stack.output("ActivityArn")}
    metric = metric_stat(
        "AWS/States", "ActivityScheduleTime", "Average", activity, period_seconds=LATELY_SECONDS
    )
    seconds = (
        max(values_since(context, LATELY_SECONDS, {"waited": metric}).get("waited", ()), default=0) / 1000
    )
    if seconds >= LONG_SECONDS:
        rate = context.parameter("SubmitRatePerSecond", SUBMITS_PER_SECOND)
        says = (
            f"lately tasks waited {span(seconds)} on average for a poller: more arrive than can be "
            f"submitted, {rate:g} jobs a second at most"
        )
        way_out = (
            "Batch takes 50 a second, and AWS does not raise that. On EC2, let tasks share arrays "
            "(docs/arrays.md), or give each job more to do."
        )
        yield warning("SubmitJob", says, way_out)


def _throttles(context: CheckContext) -> Iterator[Finding]:
    """Says which tables throttled.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    tables = context.of_type("AWS::DynamoDB::Table")
    queries = {
        f"{kind.lower()}{number}": metric_stat(
            "AWS/DynamoDB",
            f"{kind}ThrottleEvents",
            "Sum",
            {"TableName": table.physical_id},
            period_seconds=LATELY_SECONDS,
        )
        for number, table in enumerate(tables)
        for kind in KINDS
    }
    found = values_since(context, LATELY_SECONDS, queries)
    for number, table in enumerate(tables):
        times = sum(sum(found.get(f"{kind.lower()}{number}", ())) for kind in KINDS)
        if times:
            says = f"{table.logical_id} throttled {times:g} calls lately"
            way_out = "They are repeated. If it goes on with the task table, raise TaskTableWriteUnits."
            yield warning("tables", says, way_out)
