"""What a job installs is its own, and goes with it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from sluice_local.batch.running.job_python import JobPythons, program_path

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "brought-1.0-py3-none-any.whl"
CONTENT = {
    "brought.py": "def main():\n    print('brought works')\n",
    "brought-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n",
    "brought-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "brought-1.0.dist-info/entry_points.txt": "[console_scripts]\nbrought = brought:main\n",
    "brought-1.0.dist-info/RECORD": "",
}
INSTALLERS = ["pip", "pip3", f"pip3.{sys.version_info.minor}", "python -m pip", "python3 -m pip"]


@pytest.fixture
def pythons(tmp_path: Path) -> JobPythons:
    return JobPythons(tmp_path / "pythons")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that this machine has not, which needs no index."""
    path = tmp_path / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in CONTENT.items():
            archive.writestr(name, text)
    return path


def run(python: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": program_path(python), "HOME": str(python.parent)}
    return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)


def told(python: Path, script: str) -> str:
    ended = run(python, script)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_a_job_installs_goes_with_it(pythons: JobPythons, wheel: Path, installer: str) -> None:
    with pythons.lent() as python:
        told(python, f"{installer} install --no-index {wheel}")
        assert (
            told(python, "brought && python -c 'import brought; brought.main()'")
            == "brought works\nbrought works"
        )
    assert not python.exists()
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.distribution("brought")
    with pythons.lent() as another:
        assert run(another, "python -c 'import brought'").returncode == 1
        assert run(another, "brought").returncode == 127


def test_a_job_sees_the_packages_of_local_aws_and_cannot_remove_them(pythons: JobPythons) -> None:
    with pythons.lent() as python:
        assert "outside environment" in told(python, "pip uninstall --yes boto3 2>&1")
        assert told(python, "python -c 'import boto3, lowpass, sys; print(sys.prefix)'") == str(python)
    assert importlib.metadata.distribution("boto3").read_text("RECORD")


def test_the_programs_of_local_aws_are_found(pythons: JobPythons) -> None:
    with pythons.lent() as python:
        assert told(python, "lowpass --help").startswith("usage: lowpass")


def test_an_environment_that_was_left_as_it_was_is_lent_again(pythons: JobPythons) -> None:
    with pythons.lent() as first:
        told(first, "python -c 'import boto3'")
    with pythons.lent() as second:
        assert second == first


def test_two_jobs_never_share_one(pythons: JobPythons) -> None:
    with pythons.lent() as first, pythons.lent() as second:
        assert first != second


@pytest.mark.parametrize(
    "change",
    [
        "echo 'raise SystemExit(3)' > $PACKAGES/sitecustomize.py",
        "echo '#' >> $PACKAGES/_local_aws.pth",
        "echo 'home = /none' > $PREFIX/pyvenv.cfg",
        "touch -d 2001-01-01 $PREFIX/pyvenv.cfg",
        "echo 'exit 3' > $PREFIX/bin/pip",
        "ln -sf /bin/false $PREFIX/bin/python3",
        "mkdir $PREFIX/share",
        "rm $PREFIX/bin/pip",
        "rm -r $PREFIX",
    ],
)
def test_one_that_was_changed_is_not_lent_again(pythons: JobPythons, change: str) -> None:
    with pythons.lent() as first:
        packages = next(first.glob("lib/*/site-packages"))
        told(first, f"PREFIX={first}; PACKAGES={packages}; {change}")
    assert not first.exists()
    with pythons.lent() as second:
        assert second != first
        assert told(second, "python3 -c 'print(1)'") == "1"


def test_a_job_that_fails_gives_its_environment_back(pythons: JobPythons) -> None:
    with pytest.raises(OSError, match="gone"), pythons.lent() as first:
        raise OSError("gone")
    with pythons.lent() as second:
        assert second == first
