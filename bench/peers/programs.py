"""Where the peers' programs are: an environment of their own, whose versions need not agree with ours."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


class PeersMissingError(Exception):
    """Raised when a peer is not installed; the message says how to install it."""


@dataclass(frozen=True)
class PeerPrograms:
    """The virtual environment that holds snakemake, redun and Metaflow.

    Attributes:
        venv: its folder; `make .venv-peers/.peers` makes it from tools/requirements/peers.txt.
    """

    venv: Path = PROJECT / ".venv-peers"

    @property
    def folder(self) -> Path:
        """The folder to put first in PATH."""
        return self.venv / "bin"

    def program(self, name: str) -> str:
        """Return the path of a program such as `snakemake`.

        Raises:
            PeersMissingError: if it is not there.
        """
        path = self.folder / name
        if not path.is_file():
            raise PeersMissingError(
                f"{path} is not there: `make .venv-peers/.peers` installs tools/requirements/peers.txt."
            )
        return str(path)

    def search_path(self) -> str:
        """Return a PATH on which the peers' programs come first."""
        return os.pathsep.join((str(self.folder), os.environ.get("PATH", os.defpath)))

    def version(self, distribution: str) -> str:
        """Return the installed version of a distribution, such as `snakemake`.

        Raises:
            PeersMissingError: if it is not installed.
        """
        return self._dist_info(distribution).name.removesuffix(".dist-info").rpartition("-")[2]

    def repack(self, distribution: str, folder: Path) -> Path:
        """Make a wheel of a pure Python distribution out of its installed files, and return its path.

        So that a job that runs `pip install` gets what is installed here, without asking a package index.

        Raises:
            PeersMissingError: if it is not installed.
        """
        dist_info = self._dist_info(distribution)
        folder.mkdir(parents=True, exist_ok=True)
        wheel = folder / f"{dist_info.name.removesuffix('.dist-info')}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for line in (dist_info / "RECORD").read_text().splitlines():
                name = line.rsplit(",", 2)[0]
                if not name.endswith(".pyc") and not name.startswith(".."):
                    archive.write(dist_info.parent / name, name)
        return wheel

    def _dist_info(self, distribution: str) -> Path:
        pattern = f"lib/python*/site-packages/{distribution.replace('-', '_')}-*.dist-info"
        for found in self.venv.glob(pattern):
            return found
        raise PeersMissingError(
            f"{distribution} is not installed in {self.venv}: "
            "`make .venv-peers/.peers` installs tools/requirements/peers.txt."
        )
