"""Opens a report and sets its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from sluice_cli.report.render import render_report
from tests.browser.chromium import requests

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

    from sluice_cli.report.facts import CohortFacts


def shown(browser: Chrome, facts: CohortFacts, folder: Path) -> None:
    """Has the browser open a cohort's report."""
    path = folder / "report.html"
    path.write_text(render_report(facts), encoding="utf-8")
    browser.get(path.as_uri())
    requests(browser)


def chosen(browser: Chrome) -> str:
    """What the page says is chosen."""
    return browser.find_element(By.ID, "chosen").text


def choose(browser: Chrome, name: str, value: str) -> None:
    Select(browser.find_element(By.ID, name)).select_by_value(value)


def clear(browser: Chrome) -> None:
    """Takes all filters away, and waits until everything is shown."""
    browser.find_element(By.CSS_SELECTOR, "#filters [type=reset]").click()
    # the page acts on it a turn later, also where nothing was chosen
    browser.execute_async_script("setTimeout(arguments[0])")
    everything = "const [some, all] = arguments[0].split(' samples')[0].split(' of '); return some === all"
    WebDriverWait(browser, 20).until(lambda it: it.execute_script(everything, chosen(it)))
