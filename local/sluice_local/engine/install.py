"""Puts every mend in place and returns the application to serve."""

import time

from sluice_local.calls import ApiGate
from sluice_local.engine import stock
from sluice_local.engine.gateway import Gateway, Page
from sluice_local.settings import LocalSettings


def install(settings: LocalSettings) -> Gateway:
    """Mend MiniStack in this process; call it once, on the event loop that will serve.

    Raises:
        EngineMismatchError: if the installed MiniStack is not the one that is mended here.
    """
    stock.require_version()
    gate = ApiGate(settings.quotas_in_force(), monotonic=time.monotonic, wall=time.time)
    pages: dict[str, Page] = {"calls": gate.report, "engine": lambda: {"touched": stock.touched()}}
    return Gateway(stock.private("app.app"), gate=gate, pages=pages)
