"""Settings for all tests, and what their end says."""

from __future__ import annotations

import os
import re
import signal
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from sluice_local.server import inherited_environment

if TYPE_CHECKING:
    from collections.abc import Iterable


# the same examples in every run, and no deadline that a busy machine could miss
settings.register_profile("sluice", derandomize=True, deadline=None)
settings.load_profile("sluice")

# what is said to a run of tests, and how its package clients and its container engine are reached
OURS = re.compile(r"CI|PICTURES|(DOCKER|PIP|PYTEST|UV)_.+")
FIXED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "TZ": "UTC",
}


def forget_the_caller() -> None:
    """Leaves no variable that could help or hurt a test, and no account that one could reach."""
    ours = {name: value for name, value in os.environ.items() if OURS.fullmatch(name)}
    kept = {**inherited_environment(os.environ), **ours, **FIXED}
    os.environ.clear()
    os.environ.update(kept)
    time.tzset()


def heed_ctrl_c() -> None:
    """Lets programs that tests start be interrupted, also where a shell runs the tests in the background.

    Such a shell makes its children ignore SIGINT, and they their own.
    https://www.gnu.org/software/bash/manual/html_node/Signals.html
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


forget_the_caller()  # before any other module is imported that reads one
heed_ctrl_c()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which tests were left out, why, and which command brings what they need."""
    lines = left_out(terminalreporter.getreports("skipped"))
    if lines:
        terminalreporter.write_sep("=", "left out")
    for line in lines:
        terminalreporter.write_line(line)


def left_out(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """A line for each reason, the one of most tests first."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple)
    )
    return [
        f"{count} test{'s' if count > 1 else ''} left out: {reason}"
        for reason, count in reasons.most_common()
    ]


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"
