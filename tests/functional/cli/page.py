"""Keeps the help texts of docs/command-line.md: `python -m tests.functional.cli.page` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from typer.main import get_command
from typer.testing import CliRunner

from sluice_cli.app import app

PAGE: Final = Path(__file__).parents[3] / "docs/command-line.md"
COMMANDS: Final = sorted(get_command(app).commands)  # type: ignore[attr-defined] # it is a group
BLOCK: Final = re.compile(r"^```console\n\$ (sluice[^\n]*) --help\n.*?\n```$", re.DOTALL | re.MULTILINE)


def helped(*command: str) -> str:
    """The help of a command as on a terminal of 80 columns, without the spaces at the lines' ends."""
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80", "TERM": "dumb"})
    assert result.exit_code == 0
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


def block(command: str) -> str:
    """A command's help as the page has it; `command` is `sluice` or `sluice plan`."""
    return f"```console\n$ {command} --help\n{helped(*command.split()[1:])}\n```"


def rewritten(text: str) -> str:
    """The page with every help as the program gives it; a command that it lacks is added at its end."""
    known = {match[1] for match in BLOCK.finditer(text)}
    missing = [command for command in COMMANDS if f"sluice {command}" not in known]
    text += "".join(f"\n## {command}\n\n{block(f'sluice {command}')}\n" for command in missing)
    return BLOCK.sub(lambda match: block(match[1]), text)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
