"""Puts every mend in place and returns the application to serve."""

import asyncio
import time

from sluice_local.calls import ApiGate
from sluice_local.engine import (
    activities,
    alarms,
    batch_api,
    batch_integration,
    batch_scaling,
    batch_windows,
    cloudformation,
    definitions,
    executions,
    iam,
    iam_credentials,
    integrations,
    jsonata_states,
    lambdas,
    retry_delays,
    schedules,
    stock,
    tables,
    task_frame,
    usage,
)
from sluice_local.engine.context import Engine
from sluice_local.engine.gateway import Gateway
from sluice_local.settings import LocalSettings


def install(settings: LocalSettings) -> tuple[Gateway, Engine]:
    """Mend MiniStack in this process; call it once, on the event loop that will serve.

    Returns:
        The ASGI application, and the engine whose `exits` are to be called at the end.

    Raises:
        EngineMismatchError: if the installed MiniStack is not the one that is mended here.
    """
    stock.require_version()
    gate = ApiGate(settings.quotas_in_force(), monotonic=time.monotonic, wall=time.time)
    engine = Engine(settings, gate, asyncio.get_running_loop())
    engine.pages["calls"] = gate.report
    engine.pages["engine"] = lambda: {"touched": stock.touched()}
    _install_mends(engine)
    return Gateway(stock.private("app.app"), gate=gate, pages=engine.pages), engine


def _install_mends(engine: Engine) -> None:
    task_frame.install()
    broker = activities.install(engine)
    definitions.install()
    executions.install(engine, broker)
    integrations.install(engine)
    jsonata_states.install()
    lambdas.install()
    iam_credentials.install()
    batch_windows.install(engine)
    batch_scaling.install()
    schedules.install()
    tables.install()
    alarms.install()
    retry_delays.install()
    batch, job_events = batch_api.install(engine)
    batch_integration.install(engine, batch, job_events)
    cloudformation.install(batch)
    usage.install(engine)
    iam.install(engine)
