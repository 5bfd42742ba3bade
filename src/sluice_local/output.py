"""The folder that a command writes to."""

import tempfile
from pathlib import Path

from sluice_local.errors import LocalError


class OutputFolderError(LocalError):
    """Raised when a command cannot write to its output folder."""


def require_folder(folder: Path) -> None:
    """Make the folder, if it is not there, and see that files can be made in it.

    Raises:
        OutputFolderError: if not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputFolderError(
            f"{folder} cannot be written to ({error.strerror}): name another folder by --output."
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: whoever reads it finds the old text or the new one, never a part."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
