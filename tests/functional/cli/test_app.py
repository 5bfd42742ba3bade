"""The command line as a whole: help, completion, exit codes and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.functional.cli.fakes import FakeApi, document, run
from tests.functional.cli.page import COMMANDS, PAGE, helped, rewritten

NOTHING = FakeApi({})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples(command: str) -> None:
    assert f"Examples:\n   sluice {command}" in helped(command)


def test_the_page_has_the_help_that_the_program_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == rewritten(text), "write it anew: python -m tests.functional.cli.page"


def test_completion_knows_the_commands() -> None:
    words = {"_SLUICE_COMPLETE": "complete_bash", "COMP_WORDS": "sluice ", "COMP_CWORD": "1"}
    found = subprocess.run(
        [sys.executable, "-c", "from sluice_cli.app import app; app(prog_name='sluice')"],
        env={**os.environ, **words},
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(COMMANDS) <= set(found.stdout.split())


def test_ctrl_c_ends_with_130_and_no_traceback() -> None:
    def interrupted(**_: object) -> dict[str, object]:
        raise KeyboardInterrupt

    api = FakeApi({("cloudformation", "describe_stacks"): interrupted})
    result = run(api, "explain", "NA06989")
    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")


@pytest.mark.parametrize("arguments", [("explane", "x"), ("explain",), ("plan", "--samples", "0")])
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(NOTHING, *arguments).exit_code == 2


def test_plan_needs_no_aws_and_says_what_decides() -> None:
    result = run(NOTHING, "plan", "--samples", "1500", "--minutes", "5", "--max-vcpus", "5000")
    assert result.exit_code == 0
    assert result.stdout.startswith("1,500 samples, 4,500 jobs: ")
    assert "What decides: the samples' own jobs" in result.stdout
    assert "No AWS quota holds it back" in result.stdout
    assert not NOTHING.calls


def test_plan_in_json_adds_up() -> None:
    found = document(run(NOTHING, "plan", "--samples", "100", "--compute", "none", "--json"))
    assert found["jobs"] == 300
    assert found["usd"]["compute"] == 0
    parts = sum(usd for name, usd in found["usd"].items() if name != "total")
    assert found["usd"]["total"] == pytest.approx(parts, abs=0.001)


def test_plan_in_json_names_the_wall_and_what_to_ask_for() -> None:
    short = ("--samples", "1500", "--minutes", "0.2", "--start-seconds", "0", "--max-vcpus", "5000")
    found = document(run(NOTHING, "plan", *short, "--json"))
    assert (found["wall"], found["heldBackBy"]) == ("LAUNCHES", "Fargate's task launches")
    assert found["seconds"] == found["secondsByWall"]["LAUNCHES"]
    assert "Ask AWS Support" in found["askFor"]
    on_ec2 = document(run(NOTHING, "plan", *short, "--compute", "ec2", "--json"))
    assert (on_ec2["wall"], "LAUNCHES" in on_ec2["secondsByWall"]) == ("SUBMIT", False)


def test_plan_takes_prices_as_they_are_given() -> None:
    given = ("--vcpu-usd", "3600", "--gib-usd", "0", "--start-seconds", "0", "--minutes", "1")
    found = document(run(NOTHING, "plan", "--samples", "1", "--jobs", "1", *given, "--json"))
    assert found["usd"]["compute"] == pytest.approx(60.0)


def test_plan_with_prices_is_one_of_ec2_unless_told_otherwise() -> None:
    short = ("--samples", "1500", "--minutes", "0.2", "--start-seconds", "0", "--max-vcpus", "5000")
    prices = ("--vcpu-usd", "0.019", "--gib-usd", "0")
    walls = {
        given: document(run(NOTHING, "plan", *short, *given, "--json"))["secondsByWall"]
        for given in [(), prices, (*prices, "--compute", "fargate"), ("--compute", "none")]
    }
    assert ["LAUNCHES" in each for each in walls.values()] == [True, False, True, False]
    few = document(run(NOTHING, "plan", "--samples", "1500", "--max-vcpus", "32", *prices, "--json"))
    assert "Amazon EC2" in few["askFor"]


def test_plan_refuses_a_job_that_could_never_run() -> None:
    result = run(NOTHING, "plan", "--samples", "1", "--vcpus", "8", "--max-vcpus", "4")
    assert (result.exit_code, result.stderr) == (
        2,
        "--vcpus is 8: more than --max-vcpus, 4; no job could run.\n",
    )
