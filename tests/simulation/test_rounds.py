"""A thousand rounds of the real services in a simulated AWS; `make simulate ROUNDS=` plays more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 650


def played(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, as the simulation takes the place of its threads and clocks."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_nothing_hangs_nothing_doubles_nothing_misleads() -> None:
    ran = played("--rounds", str(ROUNDS), "--seed", "1", "--processes", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith(f"{ROUNDS} rounds, ")


def test_a_seed_replays_to_the_letter() -> None:
    first, second = (played("--replay", "mixed-1-12", "--whole") for _ in range(2))
    assert first.stdout == second.stdout
    assert len(first.stdout.splitlines()) > 100


def test_tasks_that_come_while_polls_are_blocked_are_submitted_within_75_seconds() -> None:
    ran = played("scenario", "blocked-polls")
    assert ran.returncode == 0, ran.stderr
    assert "healthy tasks lost: 0 of 100\n" in ran.stdout
    begun = re.search(
        r"first job was submitted after p50 .* s, at most ([\d,.]+) s \(100 tasks, ", ran.stdout
    )
    assert begun
    # in virtual time, the same on every machine
    assert float(begun[1].replace(",", "")) <= 75


def test_a_scenario_says_what_became_of_the_healthy_and_what_it_cost() -> None:
    ran = played("scenario", "expired")
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"healthy tasks lost: \d+ of 600$", ran.stdout, flags=re.MULTILINE)
    assert re.search(r"calls: .*SubmitJob \d+", ran.stdout)
    assert " quiet after " in ran.stdout
