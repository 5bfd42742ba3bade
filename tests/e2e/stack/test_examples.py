"""The examples run as they stand, in the environment that is printed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sluice_local.up import free_port, ready_text

if TYPE_CHECKING:
    from tests.e2e.stack.stack import Stack

EXAMPLE = Path(__file__).parents[3] / "examples/two_jobs.py"


def run_example(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def printed_environment(endpoint: str) -> dict[str, str]:
    """The variables that the printed lines of exports set."""
    text = ready_text(Path("out/local"), endpoint, Path("sluice"))
    exports = [line.strip() for line in text.splitlines() if line.strip().startswith("export ")]
    settings = [setting.partition("=") for line in exports for setting in shlex.split(line)[1:]]
    return {name: value for name, _, value in settings}


def test_two_jobs_run_in_the_printed_environment_alone(stack: Stack) -> None:
    finished = run_example(printed_environment(stack.aws.endpoint))
    assert finished.returncode == 0, finished.stderr
    ended = json.loads(finished.stdout)
    assert ended["status"] == "SUCCEEDED"
    assert set(ended["output"]["jobs"]) == {"align", "impute"}


def test_the_example_says_in_one_sentence_that_nothing_is_served() -> None:
    nowhere = f"http://127.0.0.1:{free_port(0)}"
    finished = run_example(printed_environment(nowhere))
    assert finished.returncode == 1
    assert finished.stderr == f"{nowhere} does not answer: start `make local` in another terminal\n"


def test_the_example_touches_no_account_when_no_endpoint_is_set() -> None:
    finished = run_example({})
    assert finished.returncode == 1
    assert finished.stderr.startswith("AWS_ENDPOINT_URL is not set: start `make local`")
