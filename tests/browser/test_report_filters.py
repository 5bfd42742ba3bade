"""What the filters, the order and the prices of a report do, as a browser shows it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By

from tests.browser.chromium import complaints, prefer
from tests.browser.cohorts import made_up_cohort
from tests.browser.reading import cells
from tests.browser.report_page import choose, chosen, clear, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

COHORT = made_up_cohort(300, seed=6)


@pytest.fixture(scope="module")
def opened(chromium: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Chrome:
    prefer(chromium, "light")
    shown(chromium, COHORT, tmp_path_factory.mktemp("report"))
    return chromium


@pytest.fixture
def report(opened: Chrome) -> Iterator[Chrome]:
    """The report with no filter set; it may complain about nothing meanwhile."""
    complaints(opened)
    yield opened
    clear(opened)
    assert complaints(opened) == []


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_samples_are_found_by_their_state(report: Chrome, status: str) -> None:
    choose(report, "status", status)
    expected = sum(sample.status == status for sample in COHORT.samples)
    assert chosen(report).startswith(f"{expected:,} of 300 samples")


def test_samples_are_found_by_a_named_error_and_by_the_button_beside_it(report: Chrome) -> None:
    errors = Counter(sample.error for sample in COHORT.samples if sample.error)
    table = {row[0]: row[1] for row in cells(report, "#errors-table")}
    assert table == {error: str(count) for error, count in errors.items()}
    button = report.find_element(By.CSS_SELECTOR, "[aria-label='show samples with Job.OutOfMemory']")
    report.execute_script("arguments[0].click()", button)
    assert chosen(report).startswith(f"{errors['Job.OutOfMemory']} of 300 samples")
    assert {row[1] for row in cells(report, "#failed-table")} == {"Job.OutOfMemory"}


def test_jobs_are_found_by_their_name(report: Chrome) -> None:
    choose(report, "job", "impute")
    expected = sum(job.name == "impute" for job in COHORT.jobs)
    assert chosen(report) == f"{expected:,} of 300 samples, {expected:,} jobs"


def test_a_changed_price_changes_the_cost(report: Chrome) -> None:
    def price_input() -> Any:
        return report.find_element(By.CSS_SELECTOR, "#cost-table input")

    def change(value: str) -> str:
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
        report.execute_script(script, price_input(), value)
        return cells(report, "#cost-table")[0][4]

    before = price_input().get_attribute("value")
    assert change("0") == "$0"
    assert change(before) != "$0"


def test_the_table_of_samples_is_turned_page_by_page_in_the_chosen_order(report: Chrome) -> None:
    report.execute_script("document.getElementById('later').click()")
    assert report.find_element(By.ID, "page").text == "page 2 of 6"
    assert cells(report, "#samples-table")[0][0] == "NA00051"
    choose(report, "order", "longest")
    longest = max(COHORT.samples, key=lambda sample: (sample.stopped_ms or 0) - sample.started_ms)
    report.execute_script("document.getElementById('earlier').click()")
    assert cells(report, "#samples-table")[0][0] == longest.name
    choose(report, "order", "start")
