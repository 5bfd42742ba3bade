"""Runs a peer's client as a process that is bounded in time and talks to Local AWS alone."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs import PeerPrograms
from sluice_local.server import LocalAws

LOG = "client.log"
_GRACE_SECONDS = 5
_LINES_SHOWN = 3


@dataclass(frozen=True)
class ClientRun:
    """How a client's process went.

    Attributes:
        exit_code: what it ended with; None if it was stopped because its time was over.
        started_s: when it was started, in seconds since the epoch.
        ended_s: when it had ended.
        last_lines: the end of what it printed.
    """

    exit_code: int | None
    started_s: float
    ended_s: float
    last_lines: str

    @property
    def complaint(self) -> str:
        """Why the run is not a success, in the client's own last words; empty if it is one."""
        if self.exit_code == 0:
            return ""
        ending = "was stopped after" if self.exit_code is None else f"ended with {self.exit_code} after"
        return f"The client {ending} {self.ended_s - self.started_s:.0f} s: {self.last_lines}"


def run_client(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_seconds: float
) -> ClientRun:
    """Run a client in `folder` to its end, or until its time is over; what it prints goes to client.log."""
    started_s = time.time()
    with started_client(command, folder=folder, environment=environment) as process:
        exit_code = _wait(process, timeout_seconds)
    return ClientRun(exit_code, started_s, time.time(), last_lines(folder))


@contextmanager
def started_client(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a client in `folder`, and kill it and all that it started afterwards."""
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the peer's own program
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_lines(folder: Path) -> str:
    """Return the end of what the client in `folder` has printed."""
    log = (folder / LOG).read_text(errors="replace")
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return " / ".join(lines[-_LINES_SHOWN:])


def client_environment(aws: LocalAws, programs: PeerPrograms, folder: Path) -> dict[str, str]:
    """Return all the variables that a client gets: its own programs, and Local AWS for every service."""
    return {
        "PATH": programs.search_path(),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **aws.environment(),
    }


def _wait(process: subprocess.Popen[bytes], timeout_seconds: float) -> int | None:
    try:
        return process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        return None
