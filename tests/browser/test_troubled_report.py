"""A report of a cohort in which much went wrong: what is shown of it, and that nothing is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import complaints, prefer, shoot_whole
from tests.browser.layout import WIDTHS, as_wide_as, cut_off, overlaps, wide_tables
from tests.browser.reading import cells
from tests.browser.report_page import shown
from tests.browser.troubles import INVALID, REASON, RETRIED, SCATTERED, SHORT, SPOT, troubled_cohort

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from selenium.webdriver import Chrome

NONE = "\N{EN DASH}"


@pytest.fixture(scope="module")
def opened(chromium: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Chrome:
    prefer(chromium, "light")
    shown(chromium, troubled_cohort(), tmp_path_factory.mktemp("report"))
    return chromium


@pytest.fixture
def report(opened: Chrome) -> Iterator[Chrome]:
    complaints(opened)
    yield opened
    assert complaints(opened) == []


def traces(browser: Chrome, name: str) -> list[dict[str, Any]]:
    """The timeline's traces of a name, with what they show: rows and texts."""
    script = (
        "return charts.plot('timeline').data.filter(it => it.name === arguments[0] && it.x[0] !== null)"
        ".map(it => ({opacity: it.opacity ?? 1, mode: it.mode, y: it.y, text: it.text}))"
    )
    found: list[dict[str, Any]] = browser.execute_script(script, name)
    return found


def test_what_failed_within_a_millisecond_and_without_a_job_has_a_red_cross(report: Chrome) -> None:
    (crosses,) = [each for each in traces(report, "failed") if each["mode"] == "markers"]
    texts = " ".join(crosses["text"])
    assert f"{SHORT} · align" in texts
    assert f"{INVALID}<br>Task.Invalid" in texts
    drawn = "return document.querySelectorAll('#timeline .scatterlayer .points path').length"
    assert report.execute_script(drawn) >= len(crosses["y"])


def test_what_was_run_anew_is_fainter(report: Chrome) -> None:
    earlier = traces(report, "earlier attempts")
    assert {each["opacity"] for each in earlier} == {0.4}
    texts = " ".join(text for each in earlier for text in each["text"] if text)
    assert RETRIED in texts
    assert SPOT in texts
    (crosses,) = traces(report, "failed, run anew")
    assert (crosses["opacity"], len(crosses["y"])) == (0.6, 1)


def test_an_array_says_how_many_children_it_has_and_costs_what_they_cost(report: Chrome) -> None:
    (bars,) = [each for each in traces(report, "likelihoods") if each["opacity"] == 1]
    assert f"{SCATTERED} · likelihoods, an array of 22" in " ".join(text for text in bars["text"] if text)
    cost = "return cohort.costOf(1, cohort.jobs.filter(job => job.array)).lines.vcpuARM64.amount"
    assert report.execute_script(cost) == pytest.approx(2200 / 3600)


def test_each_failed_sample_has_its_cause_its_execution_and_its_log(report: Chrome) -> None:
    rows = {row[0]: row[1:] for row in cells(report, "#failed-table")}
    assert rows[INVALID] == ["Task.Invalid", NONE, NONE, "execution", REASON]
    assert rows[SHORT][:4] == ["Job.Failed", "align", "2", "execution, log"]
    links = "return [...document.querySelectorAll('#failed-table a')].map(a => a.href)"
    hrefs: list[str] = report.execute_script(links)
    place = "https://eu-west-1.console.aws.amazon.com"
    arn = "arn:aws:states:eu-west-1:111122223333:execution:sluice-workflow"
    name = f"exomes-of-the-second-half-of-november.1.{SHORT}"
    assert f"{place}/states/home?region=eu-west-1#/v2/executions/details/{arn}:{name}" in hrefs
    log = "$252Fsluice$252Fsluice$252Fjobs/log-events/align$252Fdefault$252F8e6b0d5e3f0c4e1e"
    assert f"{place}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/{log}" in hrefs


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_and_no_words_lie_over_others(
    report: Chrome, pictures: Path, width: int, scheme: str
) -> None:
    prefer(report, scheme)
    report.execute_script("document.querySelectorAll('details').forEach(it => { it.open = true; })")
    with as_wide_as(report, width):
        assert cut_off(report) == []
        assert overlaps(report) == []
        assert width < WIDTHS[0] or wide_tables(report) == []
        shoot_whole(report, pictures / f"troubles-{width}-{scheme}.png")
    prefer(report, "light")
