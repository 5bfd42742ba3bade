"""Puts every fix in place and returns the application to serve."""

import asyncio
import time

from sluice_local.calls import ApiGate
from sluice_local.engine import (
    batch_api,
    cloudformation,
    live_page,
    message_moves,
    ministack,
    schedules,
    tables,
    usage,
)
from sluice_local.engine import credentials as iam_credentials
from sluice_local.engine.context import Engine
from sluice_local.engine.dynamodb import throttling
from sluice_local.engine.faults import events as fault_events
from sluice_local.engine.faults import workers as fault_workers
from sluice_local.engine.functions import batch_scaling, batch_windows, embedded_metrics, lambdas, updates
from sluice_local.engine.gateway import Gateway
from sluice_local.engine.http import by_model, connections
from sluice_local.engine.http.pages import Pages
from sluice_local.engine.iam import install as iam
from sluice_local.engine.monitoring import alarms, service_metrics
from sluice_local.engine.provisioning import schedules as named_schedules
from sluice_local.engine.stepfunctions import (
    activities,
    batch_integration,
    definitions,
    deletions,
    executions,
    integrations,
    jsonata_states,
    requests,
    retry_delays,
    sdk_calls,
    task_frame,
)
from sluice_local.engine.stepfunctions.language import install as language
from sluice_local.engine.stepfunctions.running import install as running
from sluice_local.faults.in_force import FaultsInForce
from sluice_local.faults.plan import FaultPlan
from sluice_local.settings import LocalSettings


def install(settings: LocalSettings) -> tuple[Gateway, Engine]:
    """Fix MiniStack in this process; call it once, on the event loop that will serve.

    Returns:
        The ASGI application, and the engine whose `exits` are to be called at the end.

    Raises:
        EngineMismatchError: if the installed MiniStack is not the one that is fixed here.
    """
    ministack.require_version()
    gate = ApiGate(settings.quotas_in_force(), monotonic=time.monotonic, wall=time.time)
    faults = FaultsInForce(time.time)
    engine = Engine(settings, gate, asyncio.get_running_loop(), faults)
    engine.pages["calls"] = gate.report
    engine.pages["engine"] = lambda: {"touched": ministack.touched()}
    _show_faults(engine)
    _install_fixes(engine)
    pages = Pages(engine.pages, engine.documents, engine.changes)
    return Gateway(ministack.private("app.app"), gate=gate, pages=pages, faults=faults), engine


def _show_faults(engine: Engine) -> None:
    """Let a plan of faults be put, ended and looked at on the page `faults`."""
    engine.pages["faults"] = engine.faults.report
    engine.changes["PUT", "faults"] = lambda body: engine.faults.inject(FaultPlan.from_json(body))
    engine.changes["DELETE", "faults"] = lambda _: engine.faults.end()


def _install_fixes(engine: Engine) -> None:
    connections.install()
    # faults first: what they wrap is taken up by the fixes that follow
    fault_workers.install(engine.faults)
    fault_events.install(engine.faults)
    language.install()
    task_frame.install()
    running.install()
    broker = activities.install(engine)
    definitions.install()
    executions.install(engine, broker)
    deletions.install()
    integrations.install(engine)
    sdk_calls.install()
    jsonata_states.install()
    lambdas.install()
    updates.install()
    embedded_metrics.install()
    iam_credentials.install()
    batch_windows.install(engine)
    batch_scaling.install()
    schedules.install()
    throttling.install(engine.settings)
    tables.install()
    message_moves.install()
    alarms.install()
    service_metrics.install(engine)
    retry_delays.install()
    requests.install()
    by_model.install()
    batch, job_events = batch_api.install(engine)
    batch_integration.install(engine, batch, job_events)
    cloudformation.install(batch)
    named_schedules.install()
    usage.install(engine)
    live_page.install(engine, broker, batch.backend)
    iam.install(engine)
