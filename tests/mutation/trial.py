"""Tries mutants in a copy of the tree: their tests pass before, and must fail after."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutation.mutant import Mutant, MutantError, apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("bench", "demo", "docs", "events", "functions", "jobs", "src", "statemachines", "tests")
FILES: Final = ("pyproject.toml", "template.yaml")
PACKAGES: Final = ("functions", "jobs", "src", ".")
LONGEST_SECONDS: Final = 180

PASSED, FAILED = 0, 1
"""https://docs.pytest.org/en/stable/reference/exit-codes.html"""


@dataclass(frozen=True)
class Verdict:
    """What the tests said to a mutant: those that failed; none if it survived."""

    mutant: Mutant
    failed: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """True when no test noticed that the guard was off."""
        return not self.failed


@contextmanager
def copied_tree(
    root: Path = ROOT, folders: Sequence[str] = FOLDERS, files: Sequence[str] = FILES
) -> Iterator[Path]:
    """A copy of what the tests need, without caches, which could hide a change."""
    with tempfile.TemporaryDirectory(prefix="sluice-mutants-") as folder:
        for name in folders:
            shutil.copytree(root / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        for name in files:
            shutil.copy(root / name, folder)
        yield Path(folder)


def check_unmutated(tree: Path, mutants: Sequence[Mutant]) -> None:
    """Runs every prover on the tree as it is.

    Raises:
        MutantError: the tests of the copy are not about the copy, or not all of them pass.
    """
    place = python_in(tree, "-c", "import sluice; print(sluice.__file__)").stdout.strip()
    if not Path(place).is_relative_to(tree):
        raise MutantError(f"the tests would try {place} and not the copy in {tree}")
    provers = dict.fromkeys(prover for mutant in mutants for prover in mutant.provers)
    ran = _pytest(tree, list(provers))
    if ran.returncode != PASSED:
        raise MutantError(
            f"without any mutant these tests must pass:\n{ran.stdout[-4000:]}{ran.stderr[-1000:]}"
        )


def tried(tree: Path, mutant: Mutant) -> Verdict:
    """Turns one guard off, runs the tests that prove it, and puts it back.

    Raises:
        MutantError: the tests could not be run at all.
    """
    before = apply(mutant, tree)
    try:
        ran = _pytest(tree, mutant.provers)
    except subprocess.TimeoutExpired as error:
        raise MutantError(f"without {mutant.turned_off!r} the tests do not end") from error
    finally:
        (tree / mutant.path).write_text(before, encoding="utf-8")
    if ran.returncode not in (PASSED, FAILED):
        raise MutantError(f"without {mutant.turned_off!r} no test could be run:\n{ran.stdout[-4000:]}")
    return Verdict(mutant, failed_tests(ran.stdout))


def failed_tests(said: str) -> tuple[str, ...]:
    """Reads the names of failed tests from pytest's short summary."""
    return tuple(re.findall(r"^FAILED \S+::(\w+)", said, flags=re.MULTILINE))


def _pytest(tree: Path, provers: Sequence[str]) -> subprocess.CompletedProcess[str]:
    names = [f"tests/{prover}" for prover in provers]
    return python_in(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names)


def python_in(
    tree: Path, *arguments: str, longest_seconds: float = LONGEST_SECONDS, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs Python in a copy and on the copy's packages, with more variables of the environment.

    Raises:
        subprocess.TimeoutExpired: it does not end.
    """
    # in front of the packages of this environment, among which the project itself is installed
    path = os.pathsep.join(str(tree / package) for package in PACKAGES)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=longest_seconds,
    )
