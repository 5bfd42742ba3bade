"""The demo's report as a browser shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_local.demo.report import render_report
from tests.browser.chromium import complaints, requests
from tests.unit.local_demo.building import a_run

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome


def test_every_chart_of_the_demo_is_drawn_with_nothing_loaded(browser: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_report(a_run()), encoding="utf-8")
    browser.get(path.as_uri())
    heights = (
        "return [...document.querySelectorAll('.chart')].map(box => box.querySelector('svg').clientHeight)"
    )
    found = browser.execute_script(heights)
    assert len(found) == 3
    assert min(found) > 200
    assert {url for url in requests(browser) if not url.startswith("data:")} == {path.as_uri()}
    assert complaints(browser) == []
