"""Measures whether anything of a page is cut off, at any width of the window."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

WIDTHS = (1280, 390)
"""A laptop's window and a telephone's, in pixels."""

_PROGRAM = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@contextmanager
def as_wide_as(browser: Chrome, width: int, height: int = 900) -> Iterator[None]:
    """Shows pages as on a screen of this width; Chrome's own windows are never so narrow as a telephone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 300))")
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def cut_off(browser: Chrome) -> list[str]:
    """What of the page nobody can see: outside of the window, a tile or a chart, and in no box to scroll."""
    return _asked(browser, "cutOff()")


def wide_tables(browser: Chrome) -> list[str]:
    """Tables that are wider than their box, in which people can scroll; none should be on a laptop."""
    return _asked(browser, "wideTables()")


def overlaps(browser: Chrome) -> list[str]:
    """Words and buttons of charts that lie over one another."""
    return _asked(browser, "overlaps()")


def _asked(browser: Chrome, call: str) -> list[str]:
    found: list[str] = browser.execute_script(f"{_PROGRAM}\nreturn {call}")
    return found
