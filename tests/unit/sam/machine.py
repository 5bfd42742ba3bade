"""A machine with no programs but those that a test puts there, for the scripts that start an engine."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_SECONDS = 60
"""When a test stops waiting for a script, which then has failed."""

SAM = Path(__file__).resolve().parents[3] / "tools" / "sam"
STANDARD = (
    *("bash", "cat", "cksum", "cp", "dirname", "env", "grep", "mkdir", "realpath", "rm", "sed", "seq"),
    *("setsid", "sleep", "sort", "tail", "timeout", "touch", "tr", "umount", "uname"),
)
"""All that the scripts call of what every Debian and Ubuntu has; neither ps nor ip is among it."""

WAIT = 'touch "$HOME/waits"; while :; do sleep 0.05; done'
"""What a daemon does, on one line, which bash has read to its end before the file `waits` is there.

Its name stays the program's, as `exec` would not leave it.
"""

SERVE = f'echo $$ >"$HOME/dockerd.pid"; touch "$HOME/answers"; {WAIT}'
"""What a dockerd does that `CLIENT` can reach."""

CLIENT = '[ "$2" = "unix://$HOME/docker.sock" ] && [ -e "$HOME/answers" ]'
"""What a docker does: it reaches no other engine than the machine's own, and this one when it serves."""

_APT_GET = """\
packages=() simulate=
for word in "${@:2}"; do
  case $word in --simulate) simulate=1 ;; -*) ;; *) packages+=("$word") ;; esac
done
[ "$1" = install ] || exit 0
for package in "${packages[@]}"; do
  [ -d "$HOME/../packages/$package" ] || { echo "E: Unable to locate package $package" >&2; exit 100; }
  if [ "$simulate" ]; then echo "Inst $package (1.0 Debian:stable [amd64])"
  else cp "$HOME/../packages/$package/"* "$HOME/../bin/"; fi
done
"""


@dataclass(frozen=True)
class Machine:
    """A folder of programs, and the folder of an engine.

    Attributes:
        folder: where both stand.
    """

    folder: Path

    @property
    def programs(self) -> Path:
        """The only folder on PATH."""
        return self.folder / "bin"

    @property
    def engine(self) -> Path:
        """The FOLDER of the scripts, and the home of those who run there."""
        return self.folder / "engine"

    @classmethod
    def bare(cls, folder: Path) -> Machine:
        """Make one with the standard programs only, whose user is root."""
        machine = cls(folder)
        machine.programs.mkdir()
        machine.engine.mkdir()
        for name in STANDARD:
            found = shutil.which(name)
            assert found, name
            (machine.programs / name).symlink_to(found)
        machine.install("id", "echo 0")
        return machine

    def install(self, name: str, script: str) -> None:
        """Put a program there, written in bash."""
        _write_program(self.programs / name, script)

    def install_engine(self, dockerd: str) -> None:
        """Put all there that an engine takes; what dockerd does is told."""
        self.install("apt-get", "exit 1")
        self.install("docker", CLIENT)
        self.install("dockerd", dockerd)
        for name in ("containerd", "runc", "busybox"):
            self.install(name, "exit 0")

    def offer(self, packages: dict[str, tuple[str, ...]], recommended: str) -> None:
        """Put an apt there with these packages and their programs; docker.io recommends the one."""
        self.install("apt-get", _APT_GET)
        self.install("apt-cache", f"printf '%s\\n' docker.io '  Depends: runc' '  Recommends: {recommended}'")
        for package, names in packages.items():
            place = self.folder / "packages" / package
            place.mkdir(parents=True)
            for name in names:
                _write_program(place / name, CLIENT if name == "docker" else "exit 0")

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts to its end."""
        command = [str(SAM / script), str(self.engine), *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )

    @contextmanager
    def start(self, *command: str | Path) -> Iterator[subprocess.Popen[str]]:
        """Run a command beside the `with` block, not longer."""
        # a test run in the background has SIGINT ignored, and its children too
        words = ["env", "--default-signal=INT", *command]
        with subprocess.Popen(words, env=self.environment, stderr=subprocess.DEVNULL, text=True) as started:
            try:
                yield started
            finally:
                started.kill()

    @property
    def environment(self) -> dict[str, str]:
        """The environment that everything here runs in."""
        return {"PATH": str(self.programs), "HOME": str(self.engine)}

    def daemons(self) -> list[str]:
        """Return the command lines of the daemons that run here."""
        daemons = tuple(str(self.programs / name) for name in ("dockerd", "containerd"))
        found = {pid: line for pid, line in _command_lines().items() if any(each in line for each in daemons)}
        # a child that has not become another program yet has its parent's line
        return [line for pid, line in found.items() if _parent(pid) not in found]


def _write_program(path: Path, script: str) -> None:
    # bash by its place: as a child of `env` the program would run under bash's name
    path.unlink(missing_ok=True)  # what runs keeps its own
    path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
    path.chmod(0o755)


def _command_lines() -> dict[int, str]:
    lines = {}
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            lines[int(place.parent.name)] = line
    return lines


def _parent(pid: int) -> int | None:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None
