"""Runs one command as a process with a group, a folder and a log of its own."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sluice_local.batch.model import Exit
from sluice_local.batch.running.exits import Ending, Limits, cannot_start, describe_exit
from sluice_local.batch.running.job_python import program_path


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, the environment that is added to a clean one, its Python, and the files that it leaves."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    python: Path
    scratch_folder: Path
    log_path: Path
    memory_mib: int | None = None
    timeout_seconds: int | None = None


class Program:
    """A running command. `stop` may be called from any thread, any number of times."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self.limits = limits
        self.group = process.pid
        self._process = process
        self._lock = threading.Lock()
        self._ending: Ending | None = None
        self._kill_at_seconds: float | None = None

    def stop(self, ending: Ending, *, grace_seconds: float) -> None:
        """Ask the program to end (SIGTERM), and have `kill_if_due` kill it later. The first ending stays."""
        with self._lock:
            if self._ending is not None:
                return
            self._ending = ending
            self._kill_at_seconds = time.monotonic() + grace_seconds
            self._signal(signal.SIGKILL if ending.at_once else signal.SIGTERM)

    def kill_if_due(self, *, now_seconds: float) -> None:
        """Kill the program (SIGKILL) when it was asked to end and its grace is over."""
        with self._lock:
            if self._kill_at_seconds is not None and now_seconds >= self._kill_at_seconds:
                self._signal(signal.SIGKILL)

    def wait(self) -> Exit:
        """Wait until the program ends, and end whatever it left running, as a container's end does."""
        return_code = self._process.wait()
        with self._lock:
            _signal_group(self.group, signal.SIGKILL)
            return describe_exit(return_code, self._ending)

    def _signal(self, number: signal.Signals) -> None:
        # once the process is reaped its number may belong to another one
        if self._process.returncode is None:
            _signal_group(self.group, number)


def run_command(command: Command, *, on_started: Callable[[Program], None]) -> Exit:
    """Run a command to its end in an empty folder that is removed afterwards.

    `on_started` gets the running program, so that others can stop it. A command that cannot be started
    ends as a container does whose program is missing.
    """
    command.log_path.parent.mkdir(parents=True, exist_ok=True)
    command.scratch_folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=command.scratch_folder, ignore_cleanup_errors=True) as folder,
        command.log_path.open("wb") as log,
    ):
        try:
            process = _start(command, folder, log)
        except OSError as error:
            return cannot_start(command.arguments[0] if command.arguments else "", error)
        program = Program(process, _limits(command))
        on_started(program)
        return program.wait()


def _start(command: Command, folder: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    if not command.arguments:
        raise FileNotFoundError(2, "no command is given and there is no image to take one from")
    environment = {**clean_environment(folder, command.python), **command.environment}
    return subprocess.Popen(  # noqa: S603 - running the job definition's command is what this is for
        command.arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def clean_environment(folder: str, python: Path) -> dict[str, str]:
    """Make the environment that a container would start with: of this process's it has nothing but PATH."""
    return {
        "PATH": program_path(python),
        "VIRTUAL_ENV": str(python),
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }


def _limits(command: Command) -> Limits:
    timeout = command.timeout_seconds
    return Limits(command.memory_mib, None if timeout is None else time.monotonic() + timeout)


def _signal_group(group: int, number: signal.Signals) -> None:
    # nobody may be left in the group, which macOS says with a PermissionError
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
