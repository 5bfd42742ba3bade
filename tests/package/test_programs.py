"""The wheel's programs in an environment of their own, outside of any checkout."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from sluice_local.server import client_environment
from tests.functional.cli.page import COMMANDS
from tests.functional.cli.test_report import embedded
from tests.package.installing import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.package.installing import Installation

COHORT = "run-42"
CHECKOUT_WANTED = "give a checkout of Sluice with --project, or run this in one."
REFERENCE = ("reference", "--panel", ROOT / "demo/data/chr20/panel.bcf", "--output")


def lacking(program: str, extra: str) -> re.Pattern[str]:
    """The sentence of a program without its extra."""
    wants = rf"{program} needs the extra '{extra}' \(\w+ is not installed\)"
    return re.compile(rf"{wants}: pip install '\.\[{extra}\]' in a checkout of Sluice\n")


def test_sluice_needs_no_extra(bare: Installation) -> None:
    assert set(COMMANDS) <= set(bare.run("sluice", "--help").stdout.split())
    assert re.fullmatch(r"sluice \d+\.\d+\.\d+\n", bare.run("sluice", "--version").stdout)
    planned = bare.run("sluice", "plan", "--samples", "1500")
    assert (planned.returncode, planned.stdout.splitlines()[0][:27]) == (0, "1,500 samples, 4,500 jobs: ")


def test_completion_is_shown_and_knows_the_commands(bare: Installation) -> None:
    # it is for the shell that asks, whoever runs the tests
    asking = ["bash", "-c", '"$@"; exit $?', "bash", *bare.command("sluice", "--show-completion")]
    shown = subprocess.run(asking, capture_output=True, text=True, check=True, env=bare.environment())
    assert "_SLUICE_COMPLETE=complete_bash" in shown.stdout
    words = {"_SLUICE_COMPLETE": "complete_bash", "COMP_WORDS": "sluice ", "COMP_CWORD": "1"}
    assert set(COMMANDS) <= set(bare.run("sluice", env=words).stdout.split())


@pytest.mark.parametrize("program", ["lowpass", "sluice-local"])
def test_help_needs_no_extra(bare: Installation, program: str) -> None:
    ended = bare.run(program, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"usage: {program}" in ended.stdout.lower()


def test_lowpass_names_the_extra_that_it_lacks(bare: Installation) -> None:
    ended = bare.run("lowpass", *REFERENCE, "reference.fa")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert lacking("lowpass", "lowpass").fullmatch(ended.stderr)


@pytest.mark.parametrize("extra", ["bare", "with_lowpass"])
def test_sluice_local_names_the_extra_that_it_lacks(extra: str, request: pytest.FixtureRequest) -> None:
    installation: Installation = request.getfixturevalue(extra)
    ended = installation.run("sluice-local", "up", "--port", "0", "--project", ROOT)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert lacking("sluice-local", "local").fullmatch(ended.stderr)


def test_lowpass_runs_with_its_extra(with_lowpass: Installation) -> None:
    assert with_lowpass.run("lowpass", "--help").returncode == 0
    ended = with_lowpass.run("lowpass", *REFERENCE, "reference.fa")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (with_lowpass.here / "reference.fa").is_file()


def test_sluice_local_says_that_it_needs_a_checkout(with_local: Installation) -> None:
    assert with_local.run("sluice-local", "up", "--help").returncode == 0
    ended = with_local.run("sluice-local", "up")
    missing = with_local.here / "template.yaml"
    told = f"sluice-local up: {missing} does not exist: {CHECKOUT_WANTED}\n"
    assert (ended.returncode, ended.stderr) == (1, told)


def test_another_application_s_template_is_not_deployed(with_local: Installation, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}")
    ended = with_local.run("sluice-local", "up", "--port", "0", "--project", tmp_path)
    assert ended.returncode == 1
    assert f"{tmp_path / 'functions/requirements.txt'} does not exist: {CHECKOUT_WANTED}" in ended.stderr


@pytest.fixture
def served(with_local: Installation) -> Iterator[dict[str, str]]:
    """What points a client at a Local AWS that the wheel's `sluice-local` serves, and its data bucket."""
    process = subprocess.Popen(
        with_local.command("sluice-local", "up", "--port", "0", "--project", ROOT, "--output", "out"),
        cwd=with_local.here,
        env=with_local.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Local AWS serves"):
                break
        else:
            raise AssertionError("".join(said))
        outputs = json.loads((with_local.here / "out/outputs.json").read_text())
        yield {**client_environment(outputs["endpoint"]), "BUCKET": outputs["DataBucketName"]}
        process.send_signal(signal.SIGTERM)
        assert "Traceback" not in process.communicate(timeout=60)[0]
    finally:
        process.kill()
        process.communicate()


def test_a_cohort_runs_on_the_wheel_s_local_aws_and_its_report_is_whole(
    bare: Installation, served: dict[str, str]
) -> None:
    # GIVEN a cohort whose only sample fails at once, as its reads are not there
    (bare.here / f"{COHORT}.csv").write_text("sample\nNA06989\n")
    inputs = ("reads", "reference", "panel", "geneticMap", "output")
    given = [f"--set={name}=s3://{served['BUCKET']}/none/{name}" for name in inputs]
    launched = bare.run("sluice", "launch", f"{COHORT}.csv", *given, env=served)
    assert launched.returncode == 0, launched.stderr
    watched = bare.run("sluice", "watch", COHORT, env=served)
    assert watched.returncode == 0, watched.stderr
    # WHEN it is reported on, THEN the page has its template, its scripts and its cohort
    reported = bare.run("sluice", "report", COHORT, "--html", "page.html", env=served)
    assert (reported.returncode, reported.stdout) == (0, "page.html: 1 samples, 1 jobs\n")
    found = embedded(bare.here / "page.html")
    assert found["samples"]["name"] == ["NA06989"]
    assert "Job.Failed" in found["names"]
    page = (bare.here / "page.html").read_text()
    for script in (ROOT / "src/sluice_cli/report").glob("*.js"):
        assert script.read_text() in page
