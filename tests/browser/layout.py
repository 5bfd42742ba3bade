"""Measures whether anything of a page is cut off, at any width of the window."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

WIDTHS = (1280, 390)
"""A laptop's window and a telephone's, in pixels."""

_CUT_OFF = """
const found = [], root = document.documentElement;
const name = (element) => `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""} ${JSON.stringify(element.textContent.trim().slice(0, 40))}`;
if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
const scrolls = (element) => { for (let each = element; each && each !== document.body; each = each.parentElement) if (each.matches(".table, pre")) return true; return false; };
for (const element of document.querySelectorAll("main *")) {
  if (element.closest("svg, .plot") || scrolls(element) || !element.getClientRects().length) continue;
  const box = element.getBoundingClientRect();
  if (box.right > innerWidth + 1 || box.left < -1) found.push(`outside of the window: ${name(element)}`);
  const style = getComputedStyle(element);
  if (style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1) found.push(`clipped: ${name(element)}`);
}
for (const tile of document.querySelectorAll(".figures > div")) for (const part of tile.children)
  if (part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== "inline" || part.getBoundingClientRect().right > tile.getBoundingClientRect().right + 1)
    found.push(`wider than its tile: ${name(part)}`);
for (const chart of document.querySelectorAll(".chart")) {
  const area = chart.querySelector(".main-svg")?.getBoundingClientRect();
  if (!area) continue;
  for (const text of chart.querySelectorAll(".main-svg text")) {
    if (!text.textContent.trim() || text.closest(".hoverlayer, .crisp-hidden") || getComputedStyle(text).opacity === "0") continue;
    const box = text.getBoundingClientRect();
    if (box.width && (box.left < area.left - 1 || box.right > area.right + 1 || box.top < area.top - 1 || box.bottom > area.bottom + 1))
      found.push(`cut off in ${chart.id}: ${JSON.stringify(text.textContent)} by ${Math.round(Math.max(area.left - box.left, box.right - area.right, area.top - box.top, box.bottom - area.bottom))} px`);
  }
}
return found;
"""

_OVERLAPS = """
const found = [];
for (const chart of document.querySelectorAll(".chart")) {
  const texts = [...chart.querySelectorAll(".main-svg text.legendtext, .main-svg .xtitle, .main-svg .ytitle, .main-svg .gtitle")].filter((each) => each.textContent.trim());
  const boxes = texts.map((each) => each.getBoundingClientRect());
  for (let one = 0; one < texts.length; one += 1) for (let two = one + 1; two < texts.length; two += 1) {
    const a = boxes[one], b = boxes[two];
    const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
    if (over) found.push(`in ${chart.id}: ${JSON.stringify(texts[one].textContent)} over ${JSON.stringify(texts[two].textContent)}`);
  }
}
return found;
"""


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
    """What of the page nobody can see: outside of the window, of its tile or of its chart, and not to be scrolled to."""
    found: list[str] = browser.execute_script(_CUT_OFF)
    return found


def cut_off_tables(browser: Chrome) -> list[str]:
    """Tables that are wider than their box, in which people can scroll; none should be on a laptop."""
    script = (
        "return [...document.querySelectorAll('.table')].filter(it => it.scrollWidth > it.clientWidth + 1)"
        ".map(it => `${it.querySelector('table').id}: ${it.scrollWidth} > ${it.clientWidth}`)"
    )
    found: list[str] = browser.execute_script(script)
    return found


def overlaps(browser: Chrome) -> list[str]:
    """Words of charts that lie over one another."""
    found: list[str] = browser.execute_script(_OVERLAPS)
    return found
