"""A run of tests says at its end what it left out, and heeds no variable of its caller."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.odd_variables import ODD_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs tests of this project in no other environment than the given one."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_is_left_out_is_told_with_the_command_that_brings_it(processes: str) -> None:
    # GIVEN a machine on which nothing is installed
    ended = run("-n", processes, "tests/browser/test_report_filters.py", PATH="/nowhere")
    # THEN the tests are not failed, and the end says why
    assert ended.returncode == 0, ended.stdout
    *_, title, told, _ = ended.stdout.splitlines()
    assert " left out " in title
    assert told.endswith("not found: apt install chromium chromium-driver")


def test_in_continuous_integration_nothing_is_left_out() -> None:
    ended = run("tests/browser/test_report_filters.py", PATH="/nowhere", CI="true")
    assert ended.returncode == 1
    assert "apt install chromium chromium-driver" in ended.stdout


@pytest.mark.parametrize("variables", [{}, ODD_VARIABLES], ids=["none", "odd"])
def test_the_callers_variables_change_no_outcome(variables: Mapping[str, str]) -> None:
    ended = run("tests/functional/cli/test_app.py", "tests/functional/test_handlers.py", **variables)
    assert ended.returncode == 0, ended.stdout
