"""The handlers do all of a task's work against AWS's stand-in, so that its CPU time is a task's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console

from bench.cpu.measuring import Effort, cpu

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_every_call_of_the_handlers_is_answered(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cpu(Effort(runs=1, tasks=20), tmp_path / "cpu.json", Console(), keep=False) == 0
    found = json.loads((tmp_path / "cpu.json").read_text())
    assert {"submit_jobs", "handle_job_status"} == found["cpu_ms"].keys()
    assert all(ms > 0 for ms in found["cpu_ms"].values())
    assert capfd.readouterr().err == ""
