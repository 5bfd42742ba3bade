"""The README's first steps, run as they are written; and what `make local` prints are the same commands.

They run in a folder that looks like a checkout, so that what they write goes there, and on a free port.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
SECTIONS = ("See it work on your machine", "Run a cohort")
USUAL_PORT, USUAL_FOLDER = "4566", "out/local/"
IN_MAKE = ("make demo", "make local")
START_SECONDS = 120
RUN_SECONDS = 240


def commands(section: str) -> list[str]:
    """What a reader of a section of the README types, comments and all."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    body = re.split(r"^## ", text.split(f"\n## {section}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```console\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


TYPED = [command for section in SECTIONS for command in commands(section)]


def make(target: str, *settings: str) -> list[str]:
    """`make` of the README, which takes the environment as it is."""
    return ["make", "--old-file", ".venv/.local", target, *settings]


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, and leaves nothing of it running if it has none."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, complained = process.communicate(timeout=RUN_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


@dataclass(frozen=True)
class Served:
    """What `make local` serves and prints."""

    folder: Path
    port: str
    printed: str

    def here(self, command: str) -> str:
        """A command of the README for this port, as the README itself says."""
        return command.replace(USUAL_FOLDER, f"out/local-{self.port}/").replace(USUAL_PORT, self.port)

    @property
    def printed_commands(self) -> list[str]:
        """The lines that are there to be copied."""
        lines = self.printed.partition("in another terminal")[2].splitlines()
        return [line.strip() for line in lines if line.startswith("  ")]

    def session(self, commands: Iterable[str]) -> subprocess.CompletedProcess[str]:
        """A second terminal: a shell that knows nothing but what it is told."""
        environment = {"PATH": os.defpath, "HOME": str(self.folder / "out")}
        return run(["bash", "-e", "-c", "\n".join(commands)], self.folder, environment)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that a fresh clone has, and the environment that `make` would install."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in ROOT.iterdir():
        if path.name not in {".venv", "out"}:
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def served(checkout: Path) -> Iterator[Served]:
    log = checkout / "make-local.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            make("local", "PORT=0"), cwd=checkout, stdout=file, stderr=file, start_new_session=True
        )
    try:
        eventually(
            lambda: "sluice report" in log.read_text() or process.poll() is not None,
            within_seconds=START_SECONDS,
        )
        assert process.poll() is None, log.read_text()
        (outputs,) = checkout.glob("out/local-*/outputs.json")
        port = json.loads(outputs.read_text())["endpoint"].rpartition(":")[2]
        yield Served(checkout, port, log.read_text())
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)


def test_make_demo_takes_real_samples_through_the_workflow(checkout: Path) -> None:
    assert IN_MAKE[0] in TYPED
    finished = run(make("demo", "SAMPLES=1"), checkout, os.environ)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    summary = json.loads((checkout / "out/demo/summary.json").read_text())
    assert (summary["samples"], summary["succeeded"]) == (1, 1)
    assert (checkout / "out/demo/report.html").is_file()


def test_what_make_local_prints_works_in_a_terminal_that_has_nothing_else(served: Served) -> None:
    finished = served.session(served.printed_commands)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    told = r"3 samples started.*SUCCEEDED +3\b.*NA06989 succeeded after.*3 samples, 9 jobs"
    assert re.search(told, finished.stdout, re.DOTALL), finished.stdout


def test_what_make_local_prints_is_what_the_readme_says(served: Served) -> None:
    def words(command: str) -> list[str]:
        program, *rest = shlex.split(command, comments=True)
        return [str((served.folder / program).resolve()) if "/" in program else program, *rest]

    typed = [words(served.here(command)) for command in TYPED]
    printed = [words(command) for command in served.printed_commands]
    assert [command[1] for command in printed[1:]] == ["launch", "watch", "explain", "report"]
    assert [command for command in printed if command not in typed] == []


def test_every_command_after_make_local_does_what_the_readme_says(served: Served) -> None:
    finished = served.session(served.here(command) for command in TYPED if command not in IN_MAKE)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    # examples/two_jobs.py, launch (again, if the test above ran), watch, explain, retry, report, doctor
    told = (
        r'"status": "SUCCEEDED".*3 samples started.*SUCCEEDED +3\b.*NA06989 succeeded after'
        r".*Cohort cohort has no failed samples.*3 samples, 9 jobs.*checks are fine"
    )
    assert re.search(told, finished.stdout, re.DOTALL), finished.stdout
    page = served.folder / served.here("out/local/cohort.html")
    assert "NA06989" in page.read_text(encoding="utf-8")
