"""Whether the reconciler looks after open tasks and running samples as often as it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sluice_cli.doctor.finding import ok, wrong
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.doctor.finding import CheckContext, Finding

LATE_SECONDS: Final = 240
"""So late a task's look may be without anything being wrong: TaskHeartbeatSeconds allows no more."""
EVER_MS: Final = 2**53
"""Later than any look, also one by a clock that is ahead of this one."""


def check_tasks(context: CheckContext) -> Iterator[Finding]:
    """Looks at the open task that was not looked at for longest."""
    tasks = context.api.tasks(context.stack.output("TaskTableName"))
    oldest = next(tasks.due_tasks(EVER_MS), None)
    looked_ms = oldest.heartbeat_at if oldest else None
    # each second heartbeat of a task is noted
    every_seconds = 2 * context.parameter("ReconcileHeartbeatSeconds", 300)
    idle_seconds = _idle_seconds(context, looked_ms)
    yield _judge("reconciler", "open task", idle_seconds, every_seconds, LATE_SECONDS)


def check_samples(context: CheckContext) -> Iterator[Finding]:
    """Looks at the running sample that was not looked at for longest."""
    table = context.stack.outputs.get("CohortTableName")
    if table is None:
        return
    oldest = next(context.api.cohorts(table).running_samples(EVER_MS), None)
    looked_ms = oldest.looked_at if oldest else None
    every_seconds = context.parameter("CohortLookSeconds", 900)
    idle_seconds = _idle_seconds(context, looked_ms)
    yield _judge("cohorts", "running sample", idle_seconds, every_seconds, every_seconds + 120)


def _idle_seconds(context: CheckContext, looked_ms: int | None) -> float | None:
    return None if looked_ms is None else (context.now_ms - looked_ms) / 1000


def _judge(
    check: str, what: str, idle_seconds: float | None, every_seconds: float, late_seconds: float
) -> Finding:
    if idle_seconds is None:
        return ok(check, f"there is no {what}")
    says = f"the longest-waiting {what} was last checked {span(max(0, idle_seconds))} ago"
    if idle_seconds <= every_seconds + late_seconds:
        return ok(check, says)
    way_out = "reconcile_tasks does not keep up or does not run: see its schedule and its log group."
    return wrong(check, f"{says}; each should be checked every {span(every_seconds)}", way_out)
