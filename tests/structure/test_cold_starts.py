"""What a function's cold start may not bring with it, as it never uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
SUBMITTING = {"chain", "worker", "full_wiring", "reconciler", "overdue_jobs", "poller_pool", "submitter"}
CHECKING = {"shape", "task_input"}


def loaded(function: str) -> set[str]:
    """The modules of the shared package that a function's module brings with it."""
    probe = f"import json, sys, {function}.app; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-B", "-c", probe]
    answer = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    names = [name.split(".") for name in json.loads(answer.stdout)]
    return {name[1] for name in names if name[0] == "sluice" and len(name) == 2}


@pytest.mark.parametrize(
    ("function", "never"),
    [("handle_job_status", SUBMITTING | CHECKING), ("cancel_jobs", SUBMITTING)],
)
def test_who_hears_of_ends_does_not_import_what_submits(function: str, never: set[str]) -> None:
    brought = loaded(function)
    assert "completer" in brought
    assert not brought & never
