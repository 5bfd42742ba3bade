"""A Python environment of its own for each job, as a container has.

It sees the packages that Local AWS runs with, so that the programs of this project work, but owns none of
them: what a job installs stays in its environment and goes with it, and what it did not install it cannot
remove, https://docs.python.org/3/library/venv.html. Dozens of jobs start in a second, so an environment that
its job left as it was serves the next one too.
"""

import os
import shutil
import site
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_RELEASE: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_INTERPRETERS: Final = ("python", "python3", f"python{_RELEASE}")
_INSTALLERS: Final = ("pip", "pip3", f"pip{_RELEASE}")
# the pip of Local AWS's own environment would install there
_INSTALLER: Final = '#!/bin/sh\nexec "${0%/*}/python" -m pip "$@"\n'

_Looks = Mapping[str, tuple[int, int, int]]


class JobPythons:
    """Lends environments, each to one job at a time; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where the environments are made; it need not be there yet."""
        self._folder = folder
        self._lock = threading.Lock()
        self._unused: list[tuple[Path, _Looks]] = []

    @contextmanager
    def lent(self) -> Iterator[Path]:
        """Give an environment that nobody has changed, until the block ends."""
        with self._lock:
            found = self._unused.pop() if self._unused else None
        python, looks = found or self._made()
        try:
            yield python
        finally:
            if _looks(python) == looks:
                with self._lock:
                    self._unused.append((python, looks))
            else:
                shutil.rmtree(python, ignore_errors=True)

    def _made(self) -> tuple[Path, _Looks]:
        self._folder.mkdir(parents=True, exist_ok=True)
        python = Path(tempfile.mkdtemp(prefix="python-", dir=self._folder))
        _furnish(python)
        return python, _looks(python)


def program_path(python: Path) -> str:
    """Return PATH for a job: its environment's programs, those beside this Python, this process's others."""
    own = Path(sys.executable).parent
    return os.pathsep.join((str(python / "bin"), str(own), os.environ.get("PATH", os.defpath)))


def _furnish(folder: Path) -> None:
    """Make an environment; it is a few links and files, https://docs.python.org/3/library/site.html."""
    programs, packages = folder / "bin", folder / "lib" / f"python{_RELEASE}" / "site-packages"
    programs.mkdir()
    packages.mkdir(parents=True)
    interpreter = Path(sys.executable).resolve()
    for name in _INTERPRETERS:
        (programs / name).symlink_to(interpreter)
    for name in _INSTALLERS:
        (programs / name).write_text(_INSTALLER)
        (programs / name).chmod(0o755)
    (folder / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\ninclude-system-site-packages = false\n")
    (packages / "_local_aws.pth").write_text(_seeing(_own_packages()))


def _own_packages() -> list[str]:
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*site.getsitepackages(), *user]


def _seeing(folders: Sequence[str]) -> str:
    """Write the lines that add folders of packages as Python does: with what their own .pth files add."""
    return "".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders)


def _looks(folder: Path) -> _Looks:
    """Return what tells of any change, above all each file's time of change, which nobody can set."""
    found = {}
    try:
        for place, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                path = os.path.join(place, name)  # noqa: PTH118 - it is done for every job
                state = os.lstat(path)
                found[path] = (state.st_ino, state.st_size, state.st_ctime_ns)
    except FileNotFoundError:
        return {}
    return found
