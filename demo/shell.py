"""Runs commands of `sluice` as a person types them."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from sluice_local.errors import LocalError
from sluice_local.terminal.display import Display
from sluice_local.terminal.progress import Step
from sluice_local.terminal.signals import deferred

COLUMNS = 80
"""Of a terminal that nobody has made wider."""


class CommandFailedError(LocalError):
    """Raised when a command of `sluice` fails; it has said why itself."""


@dataclass(frozen=True)
class Shell:
    """A terminal in which `sluice` talks to a Local AWS.

    Attributes:
        console: where the commands are shown.
        display: gives way to what they print.
        program: the path of `sluice`.
        variables: that lead it to the Local AWS.
        present: tells what is under way, where there is no terminal.
    """

    console: Console
    display: Display
    program: Path
    variables: Mapping[str, str]
    present: Callable[[], Step]

    def show_variables(self) -> None:
        """Show how a person sets the variables."""
        lines = ["$ export"]
        for each in (f"{name}={value}" for name, value in self.variables.items()):
            if len(f"{lines[-1]} {each} \\") > COLUMNS and lines[-1].strip():
                lines.append("   ")
            lines[-1] += f" {each}"
        self._print("\n" + " \\\n".join(lines))

    def run(self, *arguments: str, may_fail: bool = False) -> None:
        """Show a command and run it to its end; whatever ends this program ends the command first.

        Raises:
            CommandFailedError: it fails, and must not.
        """
        command = [str(self.program), *arguments]
        with self.display.lent(self.present):
            self._print(f"\n$ {shlex.join(command)}")
            status = self._run(command)
        if status and not may_fail:
            raise CommandFailedError(f"`sluice {arguments[0]}` ended with exit code {status}.")

    def ask(self, *arguments: str) -> Any:
        """Return what a command prints as JSON.

        Raises:
            CommandFailedError: it fails.
        """
        command = [str(self.program), *arguments, "--json"]
        asked = subprocess.run(  # noqa: S603 - our own program
            command, env=self._environment(), capture_output=True, text=True, check=False
        )
        if asked.returncode:
            raise CommandFailedError(asked.stderr.strip())
        return json.loads(asked.stdout)

    def _run(self, command: Sequence[str]) -> int:
        process: subprocess.Popen[bytes] | None = None
        try:
            with deferred():
                # a session of its own: Ctrl-C is for this process to handle
                process = subprocess.Popen(command, env=self._environment(), start_new_session=True)  # noqa: S603 - our own program
            return process.wait()
        except BaseException:
            if process is not None:
                process.kill()  # it has nothing to clean up but the cursor
                process.wait()
            if self.console.is_terminal:
                self.console.show_cursor()
                self.console.print()
            raise

    def _environment(self) -> dict[str, str]:
        """The caller's variables but for those that would lead the command elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_"))}
        no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        no_proxy = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return {**kept, **no_files, **no_proxy, **self.variables}

    def _print(self, text: str) -> None:
        self.console.print(text, style="bold", markup=False, highlight=False, soft_wrap=True)
