"""`tools/requirements/install`: the package index is gone, silent or wrong, or somebody interrupts it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = Path(__file__).parents[2] / "tools/requirements/install"
TOOLS = ("bash", "cp", "env", "grep", "mktemp", "rm", "sh", "tail", "touch")
NOISE = "is ignored: it is neither a file nor a directory"
OUT_OF_REACH = "The packages of {} could not be fetched: is the package index reachable?"


@dataclass(frozen=True)
class Machine:
    """A folder with the programs that a bare machine has, and a package to install."""

    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def requirements(self) -> Path:
        return self.folder / "locked.txt"

    def add_program(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def start(self, index: Mapping[str, str], python: str = "quick") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [SCRIPT, python, self.venv, self.requirements],
            env={"PATH": str(self.folder / "bin"), "TMPDIR": str(self.folder / "tmp"), **index},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def install(self, index: Mapping[str, str], python: str = "quick") -> tuple[int, str]:
        process = self.start(index, python)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def has_package(self) -> bool:
        command = [str(self.venv / "bin/python"), "-c", "import tiny"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    @property
    def reachable(self) -> dict[str, str]:
        """Pip's settings on a machine with an index that has the package and one that is not there."""
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": (self.folder / "none").as_uri(),
            "PIP_FIND_LINKS": str(self.folder / "index"),
        }


@pytest.fixture(scope="session")
def empty_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def machine(tmp_path: Path, empty_venv: Path) -> Machine:
    for name in ("bin", "index", "tmp"):
        (tmp_path / name).mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    wheel = tmp_path / "index/tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    machine = Machine(tmp_path)
    # a Python whose `-m venv` takes no seconds
    copying = f'[ "$1 $2" != "-m venv" ] || exec cp -a {empty_venv} "$3"'
    machine.add_program("quick", f'{copying}\nexec {sys.executable} "$@"')
    machine.requirements.write_text(
        f"tiny==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    )
    return machine


def at(port: int) -> dict[str, str]:
    """Pip's settings for an index at a port of this machine."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple",
        "PIP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_index_out_of_reach_is_asked_about_and_the_second_try_works(machine: Machine) -> None:
    status, said = machine.install(at(closed_port()))
    assert status == 1
    assert OUT_OF_REACH.format(machine.requirements) in said
    assert "No matching distribution" not in said
    assert not machine.venv.exists()
    status, said = machine.install(machine.reachable, python=sys.executable)
    assert (status, said.count("\n")) == (0, 1), said
    assert machine.has_package()


def test_the_log_of_a_failure_is_named_and_that_of_a_success_is_gone(machine: Machine) -> None:
    _, said = machine.install(at(closed_port()))
    (log,) = (machine.folder / "tmp").iterdir()
    assert said.endswith(f"All that pip said: {log}\n")
    assert "No matching distribution found for tiny" in log.read_text()
    log.unlink()
    machine.install(machine.reachable)
    assert not list((machine.folder / "tmp").iterdir())


def test_another_failure_is_shown_without_pip_s_noise_and_leaves_what_was_installed(machine: Machine) -> None:
    machine.install(machine.reachable)
    machine.requirements.write_text(f"tiny==1.1 --hash=sha256:{'0' * 64}\n")
    status, said = machine.install(machine.reachable)
    assert status == 1
    assert "could not be installed: the lines above say why" in said
    assert NOISE not in said
    assert machine.has_package()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_install_leaves_nothing(machine: Machine, number: signal.Signals, status: int) -> None:
    # GIVEN an index that hears the request for the package and does not answer
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(60)
        process = machine.start(at(index.getsockname()[1]))
        asked, _ = index.accept()
        with asked:
            asked.settimeout(60)
            assert asked.recv(1 << 16).startswith(b"GET /simple/tiny/")
            # WHEN the script, which alone is in its process group, gets the signal
            process.send_signal(number)
            # THEN pip ends with it
            assert asked.recv(1) == b""
            said, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert said.splitlines()[-1] == "Stopped; run the same command again to install."
    assert not machine.venv.exists()
    assert not list((machine.folder / "tmp").iterdir())


def test_what_was_killed_while_it_installed_is_made_anew(machine: Machine) -> None:
    machine.install(machine.reachable)
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(60)
        (machine.venv / "stray").touch()
        shutil.rmtree(next((machine.venv / "lib").glob("python*/site-packages/tiny-1.0.dist-info")))
        process = machine.start(at(index.getsockname()[1]))
        asked, _ = index.accept()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        asked.close()
    assert machine.install(machine.reachable)[0] == 0
    assert machine.has_package()
    assert not (machine.venv / "stray").exists()


def test_an_environment_without_pip_is_made_anew(machine: Machine) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", machine.venv], check=True)
    assert machine.install(machine.reachable)[0] == 0
    assert machine.has_package()


def test_a_python_without_venv_is_one_sentence(machine: Machine) -> None:
    words = "The virtual environment was not created successfully because ensurepip is not available."
    machine.add_program(
        "bare", f'[ "$1" != -m ] || {{ echo "{words}"; exit 1; }}; exec {sys.executable} "$@"'
    )
    status, said = machine.install({}, python="bare")
    assert status == 1
    assert said.splitlines()[1:] == [
        "bare has no venv module. On Debian and Ubuntu: apt install python3-venv"
    ]
    assert not machine.venv.exists()


def test_a_python_that_is_too_old_or_not_there_is_one_sentence(machine: Machine) -> None:
    machine.add_program("old", '[ "$1" != -V ] || { echo Python 3.9.2; exit; }; exit 1')
    assert machine.install({}, python="old")[1].startswith(
        "Sluice needs Python 3.11 or newer; old is Python 3.9.2."
    )
    assert machine.install({}, python="none")[1].startswith(
        "There is no none: name a Python of 3.11 or newer"
    )


def test_uv_out_of_reach_is_asked_about_too(machine: Machine) -> None:
    words = "error: Failed to fetch: 'https://pypi.org/simple/tiny/'"
    make = f'[ "$1" != venv ] || exec {sys.executable} -m venv --without-pip {machine.venv}'
    machine.add_program("uv", f'{make}\necho "{words}" >&2\nexit 2')
    status, said = machine.install({})
    assert status == 1
    assert OUT_OF_REACH.format(machine.requirements) in said
    assert "unless uv is set up for another" in said
    assert not machine.venv.exists()
