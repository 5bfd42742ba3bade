"""How the demo runs commands of `sluice`."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from demo.shell import CommandFailedError, Shell
from sluice_local.server import client_environment
from sluice_local.terminal.display import Display
from sluice_local.terminal.progress import Step, render_block

if TYPE_CHECKING:
    from pathlib import Path


def shell(tmp_path: Path, script: str) -> tuple[Shell, io.StringIO]:
    """A shell whose program is a script, and what it shows."""
    program, shown = tmp_path / "my sluice", io.StringIO()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    console = Console(file=shown)
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_DEFAULT_REGION": "us-east-1"}
    return Shell(console, Display(console, ""), program, variables, lambda: Step("")), shown


def test_a_command_is_shown_as_it_can_be_typed(tmp_path: Path) -> None:
    sluice, shown = shell(tmp_path, "exit 0")
    sluice.run("launch", "a sheet.csv")
    assert shown.getvalue() == f"\n$ '{tmp_path}/my sluice' launch 'a sheet.csv'\n"


def test_the_variables_are_shown_on_lines_that_can_be_typed(tmp_path: Path) -> None:
    sluice, shown = shell(tmp_path, "exit 0")
    sluice.show_variables()
    expected = "\n$ export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_DEFAULT_REGION=us-east-1\n"
    assert shown.getvalue() == expected


def test_no_line_of_the_variables_is_wider_than_a_terminal(tmp_path: Path) -> None:
    narrow, shown = shell(tmp_path, "exit 0")
    sluice = replace(narrow, variables=client_environment("http://127.0.0.1:45678"))
    sluice.show_variables()
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.endswith(" \\") for line in lines[1:]] == [True, False]
    told = " ".join(lines).replace("\\", "").split()
    assert told == ["$", "export", *(f"{name}={value}" for name, value in sluice.variables.items())]


def test_the_longest_step_of_the_demo_is_one_line_of_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=80)
    block = render_block(Step("Drawing reads from real genotypes", 150, 150), 3599)
    assert len(console.render_lines(block)) == 1


def test_a_command_that_fails_ends_the_demo_unless_it_may(tmp_path: Path) -> None:
    sluice, _ = shell(tmp_path, "exit 3")
    sluice.run("explain", "NA1", may_fail=True)
    with pytest.raises(CommandFailedError, match="`sluice launch` ended with exit code 3"):
        sluice.run("launch", "sheet.csv")


def test_an_answer_is_read_and_a_refusal_is_told_in_the_command_s_own_words(tmp_path: Path) -> None:
    sluice, shown = shell(tmp_path, """echo "{\\"asked\\": \\"$*\\"}" """)
    assert sluice.ask("status", "demo") == {"asked": "status demo --json"}
    assert shown.getvalue() == ""
    refused, _ = shell(tmp_path, "echo no such cohort >&2; exit 2")
    with pytest.raises(CommandFailedError, match="no such cohort"):
        refused.ask("status", "demo")


def test_no_variable_of_the_caller_leads_a_command_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("SLUICE_STACK", "another")
    sluice, _ = shell(tmp_path, """echo "[\\"$AWS_PROFILE$SLUICE_STACK\\", \\"$AWS_ENDPOINT_URL\\"]" """)
    assert sluice.ask("status") == ["", "http://127.0.0.1:1"]
