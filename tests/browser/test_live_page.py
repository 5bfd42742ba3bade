"""The live page of a Local AWS on which a cohort runs, and the report of that cohort afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.browser.chromium import complaints, prefer, requests, shoot, shoot_whole
from tests.browser.layout import WIDTHS, as_wide_as, cut_off, overlaps, wide_tables
from tests.browser.reading import cells, tiles
from tests.e2e.stack.stack import Stack, deployed
from tests.support.building import Machines, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

NAME = "trio"
SAMPLES = [f"NA{number:05d}" for number in range(1, 61)]
BAD = SAMPLES[3]
JOBS = 3 * len(SAMPLES) - 2
"""The bad sample's first job is its last."""
PROGRAM = f'case "$0" in {BAD}) echo "no reads" >&2; exit 3;; *) sleep 0.3;; esac'


@dataclass(frozen=True)
class Cohort:
    """A cohort whose samples all run three jobs, of which one fails for one sample."""

    stack: Stack

    def launch(self) -> None:
        """Starts it."""
        states = self.stack.states
        sheet = {"inline": "\n".join(["sample", *SAMPLES])}
        asked = {"cohort": NAME, "workflowArn": self._workflow(), "sheet": sheet}
        states.start_execution(
            stateMachineArn=self.stack.outputs["CohortMachineArn"], input=json.dumps(asked)
        )

    def _workflow(self) -> str:
        definition = self.stack.job_definition("by-sample", "sh", "-c", PROGRAM, "Ref::sample")
        parameters = {"sample.$": "$$.Execution.Input.sample"}
        names = ("align", "likelihoods", "impute")
        work = {
            name.title(): {
                "Type": "Task",
                "Resource": self.stack.outputs["ActivityArn"],
                "HeartbeatSeconds": 600,
                "Parameters": {
                    "executionArn.$": "$$.Execution.Id",
                    "stateName.$": "$$.State.Name",
                    "jobs": [{**self.stack.job(name, definition), "parameters": parameters}],
                },
                **({"Next": after.title()} if after else {"End": True}),
            }
            for name, after in zip(names, [*names[1:], None], strict=True)
        }
        return Machines(self.stack.states, "by-sample").create({"StartAt": "Align", "States": work})

    def over(self) -> bool:
        """True when every sample has ended."""
        table = self.stack.outputs["CohortTableName"]
        cohort = DynamoCohortStore(self.stack.aws.client("dynamodb"), table).cohort(NAME)
        return cohort is not None and cohort.over


@pytest.fixture(scope="module")
def aws(chromium: Chrome) -> Iterator[LocalAws]:
    """A Local AWS, if there is a browser to look at it."""
    assert chromium.session_id
    with LocalAws(LocalSettings(activity_poll_seconds=1, job_slots=24)) as aws:
        yield aws


@pytest.fixture(scope="module")
def cohort(aws: LocalAws, chromium: Chrome, pictures: Path) -> Cohort:
    """A cohort that has run while the live page looked on."""
    prefer(chromium, "light")
    complaints(chromium)
    chromium.get(f"{aws.endpoint}/_sluice/")
    requests(chromium)
    cohort = Cohort(deployed(aws))
    cohort.launch()
    half = JOBS // 2
    eventually(lambda: int(tiles(chromium).get("jobs that succeeded", "0")) > half, within_seconds=90)
    shoot(chromium, pictures / "live.png", height=1500)
    eventually(cohort.over, within_seconds=90)
    return cohort


def counts_of(browser: Chrome, machine: str) -> list[str] | None:
    """A state machine's executions as the page shows them: running, succeeded, failed, timed out, aborted."""
    return next((row[1:] for row in cells(browser, "#machines") if row[0] == machine), None)


@pytest.mark.usefixtures("cohort")
def test_the_figures_of_a_cohort_move_while_nobody_reloads_the_page(chromium: Chrome, aws: LocalAws) -> None:
    eventually(lambda: counts_of(chromium, "by-sample") == ["0", "59", "1", "0", "0"])
    found = tiles(chromium)
    assert (found["jobs that succeeded"], found["jobs that failed"]) == (str(JOBS - 1), "1")
    assert found["jobs submitted"] == str(JOBS)
    assert found["tasks waiting for a poller"] == "0"
    assert found["answers with HTTP 429 to SubmitJob"] == "0"
    assert found["in the busiest second of five minutes, and the quota"].endswith(" / 50")
    assert [row[:4] for row in cells(chromium, "#failures")] == [[BAD, NAME, "Job.Failed", "align"]]
    assert cells(chromium, "#cohorts") == [[NAME, "60", "0", "59", "1", "0", "0"]]
    assert cells(chromium, "#errors") == [["Job.Failed", "1"]]
    assert all(url.startswith((aws.endpoint, "data:")) for url in requests(chromium))
    eventually(lambda: chromium.find_element(By.ID, "wall").text == "No quota holds the jobs back.")
    assert complaints(chromium) == []


@pytest.mark.usefixtures("cohort")
def test_what_it_asks_for_each_second_is_small(aws: LocalAws) -> None:
    assert len(json.dumps(aws.page("live"))) < 8_000


def asked(browser: Chrome) -> int:
    """How often the page has asked for its figures since it was last asked about that."""
    return sum(url.endswith("/_sluice/live") for url in requests(browser))


@pytest.mark.usefixtures("cohort")
def test_it_rests_while_it_is_hidden_and_goes_on_when_it_is_seen_again(chromium: Chrome) -> None:
    page = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    chromium.switch_to.window(page)
    hide = (
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => HIDDEN});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    chromium.execute_script(hide.replace("HIDDEN", "true"))
    asked(chromium)
    chromium.execute_async_script("setTimeout(arguments[0], 2500)")
    assert asked(chromium) <= 1  # what was on its way
    chromium.execute_script(hide.replace("HIDDEN", "false"))
    eventually(lambda: asked(chromium) > 0)


@pytest.mark.usefixtures("cohort")
def test_it_says_when_it_gets_no_answer_and_goes_on_when_it_does(chromium: Chrome) -> None:
    state = "return document.getElementById('state').textContent"
    chromium.execute_script(
        "window.kept = window.fetch; window.fetch = () => Promise.reject(new Error('none'))"
    )
    eventually(lambda: "does not answer" in chromium.execute_script(state))
    chromium.execute_script("window.fetch = window.kept")
    eventually(lambda: chromium.execute_script(state).startswith("Shown as of"))
    assert complaints(chromium) == []


def test_the_report_of_the_cohort_is_written_and_shown(
    browser: Chrome, cohort: Cohort, tmp_path: Path
) -> None:
    path = tmp_path / "trio.html"
    command = [sys.executable, "-m", "sluice_cli", "report", NAME, "--html", str(path)]
    environment = {**os.environ, **cohort.stack.aws.environment()}
    written = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (written.returncode, written.stdout) == (0, f"{path}: 60 samples, {JOBS} jobs\n"), written.stderr
    browser.get(path.as_uri())
    found: dict[str, Any] = tiles(browser)
    assert found["samples succeeded"] == "59 / 60"
    assert found["answers with HTTP 429, whole stack"] == "0"
    (failed,) = cells(browser, "#failed-table")
    assert failed[:4] == [BAD, "Job.Failed", "align", "3"]
    assert cells(browser, "#cost-table")[0][4] != "$0"
    assert browser.find_element(By.ID, "chosen").text == f"60 of 60 samples, {JOBS} jobs"
    assert complaints(browser) == []


def test_before_it_knows_it_says_that_it_asks(browser: Chrome, aws: LocalAws) -> None:
    """The page's first answer never comes here."""
    never = "window.fetch = () => new Promise(() => {})"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": never})
    try:
        browser.get(f"{aws.endpoint}/_sluice/")
        assert "Nothing did." not in browser.find_element(By.TAG_NAME, "main").text
        assert browser.find_element(By.ID, "no-failures").text == "loading …"
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.usefixtures("cohort")
def test_nothing_of_it_is_cut_off(
    browser: Chrome, aws: LocalAws, pictures: Path, width: int, scheme: str
) -> None:
    prefer(browser, scheme)
    browser.get(f"{aws.endpoint}/_sluice/")
    with as_wide_as(browser, width):
        eventually(lambda: cells(browser, "#cohorts") and cells(browser, "#failures"))
        assert cut_off(browser) == []
        assert overlaps(browser) == []
        assert width < WIDTHS[0] or wide_tables(browser) == []
        shoot_whole(browser, pictures / f"live-{width}-{scheme}.png")
