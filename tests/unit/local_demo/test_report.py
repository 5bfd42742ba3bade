"""The page."""

import re

from sluice_local.demo.report import render_report
from sluice_local.lowpass.accuracy import CohortAccuracy
from tests.unit.local_demo.building import FAILURE, a_run, an_observation, three_jobs


def test_the_page_holds_the_headline_figures() -> None:
    page = render_report(a_run())
    for figure in (
        "1 <small>/ 2</small>",
        "0.900",
        "60 s",
        "Batch jobs",
        "sluice 0.1.0",
        "1000 Genomes Project",
        "2 CPUs",
    ):
        assert figure.lower() in page.lower()


def test_a_failure_is_shown_with_the_end_of_its_log_and_nothing_of_a_log_is_markup() -> None:
    page = render_report(a_run())
    assert FAILURE.error in page
    assert "lowpass impute: &lt;no site&gt; of the panel has a read" in page


def test_the_page_loads_nothing_from_anywhere() -> None:
    page = render_report(a_run())
    before_plotly, after_plotly = page.partition("<script>")[0], page.rpartition("<script>")[2]
    assert not re.findall(
        r"\bsrc=|<link\b(?! rel=.icon. href=.data:)|@import|url\(|https?:", before_plotly + after_plotly
    )


def test_without_accuracy_the_page_leaves_its_chart_out() -> None:
    page = render_report(a_run(accuracy=CohortAccuracy({})))
    assert 'id="accuracy"' not in page
    assert 'id="accuracy"' in render_report(a_run())


def test_a_thousand_samples_add_little_to_the_page() -> None:
    samples = [f"NA{number}" for number in range(1000)]
    seen = an_observation(
        dict.fromkeys(samples, "SUCCEEDED"), [job for name in samples for job in three_jobs(name)]
    )
    added = len(render_report(a_run(seen))) - len(render_report(a_run()))
    assert added < 1_500_000
    assert "NA999" in render_report(a_run(seen))
