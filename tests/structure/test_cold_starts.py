"""What a function's cold start may not bring with it, as it never uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
SUBMITTING = {
    "pollers.chain",
    "pollers.pool",
    "runtime.workers",
    "tasks.overdue_jobs",
    "tasks.reconciler",
    "tasks.submitter",
    "wiring.submitting",
}
CHECKING = {"schema", "tasks.contract"}
TASKS = {"tasks.completer", "tasks.completion", "tasks.model", "aws.batch", "aws.tables.task_store"}
LIMITING = {"rate.gcra", "rate.limiter", "aws.tables.rate_store"}


def loaded(function: str) -> set[str]:
    """The modules of the shared package that a function's module brings with it, such as `tasks.model`."""
    probe = f"import json, sys, {function}.app; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-B", "-c", probe]
    answer = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    return {name.removeprefix("sluice.") for name in json.loads(answer.stdout) if name.startswith("sluice.")}


@pytest.mark.parametrize(
    ("function", "needed", "never"),
    [
        ("handle_job_status", "tasks.completer", SUBMITTING | CHECKING),
        ("cancel_jobs", "tasks.completer", SUBMITTING),
        ("ensure_pollers", "pollers.chain", TASKS | LIMITING | (SUBMITTING - {"pollers.chain"})),
        (
            "count_samples",
            "cohorts.counter",
            LIMITING | SUBMITTING | {"cohorts.starter", "cohorts.sheet", "cohorts.sheet_lines"},
        ),
    ],
)
def test_a_function_imports_what_it_needs_and_not_what_others_do(
    function: str, needed: str, never: set[str]
) -> None:
    brought = loaded(function)
    assert needed in brought
    assert not brought & never
