"""The report of a cohort as a browser shows it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from sluice_cli.report.render import render_report
from tests.browser.chromium import complaints, prefer, requests, shoot
from tests.browser.cohorts import made_up_cohort
from tests.browser.reading import cells, tiles
from tests.browser.report_page import chosen, clear, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome


OPEN_SECONDS_MAX = 10
"""Of the processor: however busy the machine is."""

COHORT = made_up_cohort(1800)


@pytest.fixture(scope="module")
def opened(chromium: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Chrome:
    chromium.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    prefer(chromium, "light")
    shown(chromium, COHORT, tmp_path_factory.mktemp("report"))
    return chromium


@pytest.fixture
def report(opened: Chrome) -> Iterator[Chrome]:
    """The report of 1,800 samples with no filter set; it may complain about nothing meanwhile."""
    everything = f"1,800 of 1,800 samples, {len(COHORT.jobs):,} jobs"
    complaints(opened)
    yield opened
    if chosen(opened) != everything:
        clear(opened)
    assert chosen(opened) == everything
    assert complaints(opened) == []


def test_1800_samples_of_three_jobs_open_in_less_than_ten_seconds(opened: Chrome) -> None:
    metrics = opened.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    busy_seconds = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
    wall_ms = opened.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"opened after {wall_ms / 1000:.1f} s, of which the page was busy for {busy_seconds:.1f} s")  # noqa: T201 - a figure to read
    assert busy_seconds < OPEN_SECONDS_MAX


def test_every_chart_is_drawn(report: Chrome) -> None:
    script = (
        "return [...document.querySelectorAll('.chart')].map(box =>"
        " [box.id, box.querySelectorAll('.trace').length, box.getAttribute('aria-label'), box.offsetHeight])"
    )
    found = report.execute_script(script)
    assert len(found) == 9
    assert all(traces > 0 and label and height > 100 for _, traces, label, height in found), found


def test_the_figures_at_the_top_are_the_cohort_s(report: Chrome) -> None:
    found = tiles(report)
    statuses = Counter(sample.status for sample in COHORT.samples)
    assert found["samples succeeded"] == f"{statuses['SUCCEEDED']:,} / 1,800"
    assert found["samples failed"] == str(statuses["FAILED"])
    assert found["Batch jobs"] == f"{len(COHORT.jobs):,}"
    assert found["tries beyond the first"] == str(sum((job.attempts or 1) - 1 for job in COHORT.jobs))
    assert found["answers with HTTP 429, whole stack"] == "4"
    submitted = Counter(
        ((job.submitted_ms or 0) - COHORT.samples[0].started_ms) // 1000 for job in COHORT.jobs
    )
    assert found["submitted in the busiest second, and the quota"] == f"{max(submitted.values())} / 50"


def usd_of_all_jobs() -> float:
    """What the cohort's jobs cost on Fargate on ARM."""
    hours = [
        (job.resources, max(60, math.ceil(((job.stopped_ms or 0) - (job.started_ms or 0)) / 1000)) / 3600)
        for job in COHORT.jobs
    ]
    return sum(
        time * ((resources.vcpus or 0) * 0.03238 + (resources.memory_mib or 0) / 1024 * 0.00356)
        for resources, time in hours
    )


def test_the_cost_is_that_of_the_jobs_and_of_what_handles_them(report: Chrome) -> None:
    tasks = len(COHORT.jobs)
    services = (1800 + tasks) * 0.025 / 1000 + tasks * 12 * 0.625 / 1e6 + tasks * 4 / 1e6
    *_, total = cells(report, "#cost-table")
    assert float(total[4].removeprefix("$")) == pytest.approx(usd_of_all_jobs() + services, rel=0.005)


def test_samples_are_found_by_a_part_of_their_names(report: Chrome) -> None:
    report.find_element(By.ID, "text").send_keys("na0012")
    WebDriverWait(report, 20).until(lambda browser: chosen(browser).startswith("10 of 1,800 samples"))
    assert {row[0] for row in cells(report, "#samples-table")} == {f"NA0012{digit}" for digit in range(10)}
    assert tiles(report)["samples succeeded"].endswith("/ 10")


def line_widths(browser: Chrome) -> list[float]:
    script = "return charts.plot('timeline').data.filter(it => !it.meta.fixed).map(it => it.line.width)"
    found: list[float] = browser.execute_script(script)
    return found


def test_a_zoom_into_the_timeline_makes_rows_thicker_and_names_them(report: Chrome) -> None:
    labels = "return [...document.querySelectorAll('#timeline .ytick')].map(tick => tick.textContent)"
    assert report.execute_script(labels) == []
    before = max(line_widths(report))
    zoom = "return Plotly.relayout(charts.plot('timeline'), {'yaxis.range[0]': 19.5, 'yaxis.range[1]': -0.5})"
    report.execute_script(zoom)
    WebDriverWait(report, 20).until(lambda browser: len(browser.execute_script(labels)) == 20)
    assert report.execute_script(labels)[:2] == ["NA00001", "NA00002"]
    assert max(line_widths(report)) > 5 * before
    report.execute_script("return Plotly.relayout(charts.plot('timeline'), {'yaxis.autorange': true})")
    WebDriverWait(report, 20).until(lambda browser: browser.execute_script(labels) == [])


@pytest.mark.parametrize("details", ["over-time", "waits", "rate", "accuracy"])
def test_each_chart_has_a_table_beside_it(report: Chrome, details: str) -> None:
    report.execute_script("document.getElementById(arguments[0]).open = true", f"{details}-figures")
    WebDriverWait(report, 20).until(lambda browser: len(cells(browser, f"#{details}-figures table")) > 1)


def test_everything_that_can_be_operated_has_a_name(report: Chrome) -> None:
    script = (
        "return [...document.querySelectorAll('input, select, button')].filter(each =>"
        " !each.labels?.length && !each.getAttribute('aria-label') && !each.textContent.trim()).length"
    )
    assert report.execute_script(script) == 0


def test_it_looks_as_it_should_in_light_and_dark(report: Chrome, pictures: Path) -> None:
    colours = (
        "return [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    seen = {}
    for scheme in ("dark", "light"):
        prefer(report, scheme)
        seen[scheme] = report.execute_script(colours)
        shoot(report, pictures / f"report-{scheme}.png", height=1600)
    assert seen["light"] != seen["dark"]


def test_no_button_sends_a_chart_s_data_anywhere(report: Chrome) -> None:
    titles = "return [...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)"
    assert set(report.execute_script(titles)) == {
        "Download plot as a PNG",
        "Zoom",
        "Pan",
        "Zoom in",
        "Zoom out",
        "Reset axes",
    }
    places = "return [...document.querySelectorAll('.plot')].map(plot => plot._context.plotlyServerURL)"
    assert set(report.execute_script(places)) == {""}


def test_it_loads_nothing(browser: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_report(made_up_cohort(3)), encoding="utf-8")
    browser.get(path.as_uri())
    assert {url for url in requests(browser) if not url.startswith("data:")} == {path.as_uri()}
    assert complaints(browser) == []


def test_a_name_that_looks_like_html_is_shown_as_it_is(browser: Chrome, tmp_path: Path) -> None:
    facts = made_up_cohort(1)
    name = "<img src=x onerror=alert(1)>"
    sample = replace(facts.samples[0], name=name, error=name, status="FAILED")
    jobs = tuple(replace(job, sample=name, name=name, error=name, reason=name) for job in facts.jobs)
    shown(browser, replace(facts, samples=(sample,), jobs=jobs), tmp_path)
    assert cells(browser, "#samples-table")[0][0] == name
    assert browser.execute_script("return document.images.length") == 0
    assert complaints(browser) == []


def test_a_cohort_that_runs_or_has_not_begun_is_shown_too(browser: Chrome, tmp_path: Path) -> None:
    whole = made_up_cohort(4)
    running = replace(whole.samples[0], status="RUNNING", stopped_ms=None)
    cut = replace(whole.jobs[0], started_ms=None, stopped_ms=None, status=None, attempts=None)
    partly = replace(whole, samples=(running, *whole.samples[1:]), jobs=(cut, *whole.jobs[1:]))
    shown(browser, partly, tmp_path)
    assert tiles(browser)["samples still running"] == "1"
    shown(browser, replace(whole, samples=(), jobs=(), accuracy={}, throttling=None), tmp_path)
    assert chosen(browser) == "0 of 0 samples, 0 jobs"
    assert tiles(browser)["answers with HTTP 429, whole stack"] == "not counted"
    assert complaints(browser) == []
