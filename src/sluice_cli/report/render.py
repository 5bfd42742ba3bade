"""Makes the page of a report: one HTML file that holds everything and loads nothing."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sluice_cli.report.document import QUOTA_PER_SECOND, document
from sluice_cli.terminal.durations import moment
from sluice_pages.page import render_page

if TYPE_CHECKING:
    from sluice_cli.report.facts import CohortFacts

_TEMPLATE = Path(__file__).with_name("report.html.jinja")


def render_report(facts: CohortFacts, *, quota_per_second: float = QUOTA_PER_SECOND) -> str:
    """Returns the page.

    Args:
        facts: the cohort.
        quota_per_second: SubmitJob calls a second, to draw beside the rate.
    """
    return render_page(
        _TEMPLATE,
        facts=facts,
        document=document(facts, quota_per_second=quota_per_second),
        seen=moment(facts.seen_ms),
        version=version("sluice"),
        has_depth=any(each.depth is not None for each in facts.accuracy.values()),
    )
