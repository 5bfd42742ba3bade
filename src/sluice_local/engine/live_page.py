"""The live page: `/_sluice/` for people, and `/_sluice/live`, which it asks for once a second.

AWS: has consoles. MiniStack 1.5.33: has none for what is watched here. Nothing is fixed; this looks at what
the other fixes keep.
"""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sluice_local.batch.backend import Backend
from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.stepfunctions.activity_broker import ActivityBroker
from sluice_local.live import snapshot as live
from sluice_local.live import walls
from sluice_pages.page import render_page

SUBMIT = "Batch.SubmitJob"
START = "States.StartExecution"
_TEMPLATE = Path(live.__file__).with_name("live.html.jinja")


def install(engine: Engine, broker: ActivityBroker, backend: Backend) -> None:
    """Show the page."""
    executions = ministack.private("services.stepfunctions._executions")

    def state() -> live.State:
        now_s, load = int(time.time()), broker.load()
        submits = _submits(engine, now_s - live.WINDOW_SECONDS)
        starts = engine.gate.recent(START, now_s - walls.LOOK_BACK_SECONDS).per_second
        pressure = walls.Pressure(
            backend.lacks(), submits.per_second, starts, submits.quota_per_second, load.taken_tasks
        )
        return live.State(
            at_second=now_s,
            executions=[_execution(each) for each in executions.values()],
            job_statuses=[job.status.value for job in backend.jobs()],
            queue=live.Queue(load.waiting_tasks, load.waiting_polls, load.taken_tasks),
            submits=submits,
            wall=walls.binding_wall(pressure, now_s),
        )

    engine.pages["live"] = lambda: live.snapshot(state())
    engine.documents[""] = cache(lambda: render_page(_TEMPLATE))


def _submits(engine: Engine, since_second: int) -> live.Submits:
    calls = engine.gate.recent(SUBMIT, since_second)
    quota = engine.settings.quotas_in_force().get(SUBMIT)
    rate = None if quota is None else quota.refill_per_second
    return live.Submits(calls.count, calls.throttled, calls.per_second, rate)


def _execution(execution: Mapping[str, Any]) -> live.Execution:
    return live.Execution(
        machine=str(execution["stateMachineArn"]).rpartition(":")[2],
        name=str(execution["name"]),
        status=str(execution["status"]),
        stopped_at=execution.get("stopDate"),
        error=execution.get("error") or None,
        cause=execution.get("cause") or None,
    )
