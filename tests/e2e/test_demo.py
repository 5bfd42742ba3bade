"""The demo: two people's reads through the whole stack, by the commands that a user types, under IAM."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 180
ELSEWHERE = {"AWS_PROFILE": "nobody", "SLUICE_STACK": "another", "HTTP_PROXY": "http://127.0.0.1:9"}
"""Variables of a caller's that would lead `sluice` elsewhere."""

NAMES = ("NA12762", "NA20589")


def demo(output: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "demo", "--output", str(output), *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", **variables},
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def finished(output: Path) -> "subprocess.CompletedProcess[str]":
    return demo(output, "--samples", "2", "--job-slots", "2", "--enforce-iam")


@pytest.fixture(scope="module")
def summary(finished: "subprocess.CompletedProcess[str]", output: Path) -> Any:
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads((output / "summary.json").read_text())


def test_every_sample_is_imputed_with_no_429_and_no_describe_jobs(summary: Any) -> None:
    assert (summary["samples"], summary["succeeded"], summary["failed"]) == (2, 2, 0)
    assert (summary["jobs"], summary["submit_calls"], summary["submit_throttled"]) == (6, 6, 0)
    assert summary["describe_calls"] == 0
    assert 1 <= summary["peak_submits_per_s"] <= summary["quota_per_s"] == 50


def test_the_genotypes_are_recovered(summary: Any) -> None:
    assert summary["mean_r2_maf5"] > 0.85


def test_a_person_sees_the_commands_that_ran_it_and_what_happened(
    finished: "subprocess.CompletedProcess[str]", summary: Any, output: Path
) -> None:
    assert "] Deploying the stack" in finished.stdout
    for command in (f"launch {output}/demo.csv", "watch demo", f"report demo --html {output}/report.html"):
        assert f"bin/sluice {command}\n" in finished.stdout
    assert "\n$ export AWS_ENDPOINT_URL=http://127.0.0.1:" in finished.stdout
    assert "demo: 2 of 2 samples have ended; over" in finished.stdout
    assert "2 of 2 succeeded, 0 failed" in finished.stdout
    assert "] Jobs that have ended: 0 of 6\n" in finished.stdout
    assert summary["failed_samples"] == []
    assert finished.stderr == ""


def test_the_report_holds_the_samples_and_their_accuracy(summary: Any, output: Path) -> None:
    page = (output / "report.html").read_text()
    assert all(name in page for name in NAMES)
    assert "accuracy" in page
    assert summary["mean_r2_maf5"] is not None


def test_no_task_token_leaves_the_server(
    finished: "subprocess.CompletedProcess[str]", summary: Any, output: Path
) -> None:
    texts = (finished.stdout, json.dumps(summary), (output / "report.html").read_text())
    assert all("taskToken" not in text for text in texts)


def test_a_sample_that_fails_fails_the_demo_and_says_why(tmp_path: Path) -> None:
    # GIVEN so few reads that none is drawn
    finished = demo(tmp_path, "--samples", "1", "--depth", "0.000001", "--quota", "5", **ELSEWHERE)
    # THEN its job's own words are shown, and the exit status tells
    assert finished.returncode == 1
    assert "Job.Failed" in finished.stdout
    assert "report.html --quota 5\n" in finished.stdout
    assert "has no reads" in finished.stdout
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["failed"], summary["mean_r2_maf5"]) == (1, None)
    # the commands that look into a failure ask Batch, the cohort does not
    assert summary["describe_calls"] == 0
    assert "Job.Failed" in (tmp_path / "report.html").read_text()
