"""Builds the project and installs it into environments with what an extra brings, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]


def build(target: str, source: Path, folder: Path) -> Path:
    """Builds a wheel or an sdist of the project in `source` without the network, and returns its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@dataclass(frozen=True)
class Installation:
    """An environment with the project's wheel, whose programs run in a folder outside of the checkout."""

    venv: Path
    here: Path

    def command(self, program: str, *arguments: object) -> list[str]:
        return [str(self.venv / "bin" / program), *map(str, arguments)]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.here), **(more or {})}

    def run(
        self, program: str, *arguments: object, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(program, *arguments),
            cwd=self.here,
            env=self.environment(env),
            capture_output=True,
            text=True,
            check=False,
        )


def install(wheel: Path, extra: str, folder: Path) -> Installation:
    """Makes an environment with the wheel and what it requires with an extra; none is ''."""
    venv, here = folder / "venv", folder / "here"
    here.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "install", "--quiet"]
    options = ["--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(wheel)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (own,) = (Distribution.at(path) for path in site.glob("sluice-*.dist-info"))
    for name in sorted({name for name, _ in _required(own, {extra})}):
        _link(distribution(name), site)
    return Installation(venv, here)


def _required(own: Distribution, extras: set[str]) -> set[tuple[str, str]]:
    """What is needed and what that needs in turn, each with an extra of its own, '' for none."""
    ours: str = canonicalize_name(own.name)
    wanted = [(ours, extra) for extra in extras]
    found: set[tuple[str, str]] = set()
    while wanted:
        name, extra = wanted.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        wanted += _direct(own if name == ours else distribution(name), extra)
    return {each for each in found if each[0] != ours}


def _direct(of: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    for requirement in map(Requirement, of.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            name = canonicalize_name(requirement.name)
            yield from ((name, each) for each in {"", *requirement.extras})


def _link(found: Distribution, site: Path) -> None:
    """Shows a distribution of this environment in another one."""
    tops = {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}
    for top in tops:
        link = site / top
        if not link.exists():
            link.symlink_to(Path(str(found.locate_file(top))).resolve())
