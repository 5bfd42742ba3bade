"""Puts the program that stands in inside a peer's jobs where they find it, under the names that they call."""

import os
import sys
from pathlib import Path

from bench.peers import job_side


def launchers(peer: str) -> dict[str, str]:
    """Return the shell scripts, by their names, that start `job_side` in the place of the peer's own."""
    start = f'exec "{sys.executable}" -I -S "{job_side.__file__}" {peer} "$@"\n'
    if peer == "redun":
        return {"redun": f"#!/bin/sh\n{start}"}
    # a job unpacks the workflow's files and installs a plugin first; neither is needed
    no_unpacking = 'case " $* " in *" --deploy-sources "*) exit 0;; esac\n'
    return {"python": f"#!/bin/sh\n{no_unpacking}{start}", "pip": "#!/bin/sh\nexit 0\n"}


def install(peer: str, folder: Path) -> str:
    """Write a peer's launchers into `folder`; return the PATH that finds them first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in launchers(peer).items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return os.pathsep.join((str(folder), os.environ.get("PATH", os.defpath)))
