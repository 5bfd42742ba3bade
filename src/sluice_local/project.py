"""Where the project's own files are: the template to deploy and the data to run it on."""

from dataclasses import dataclass
from pathlib import Path

_INSTALLED_FROM = Path(__file__).resolve().parents[2]
_NEEDED = ("template.yaml", "functions/requirements.txt", "demo/data/chr20/panel.bcf")


class NotACheckoutError(RuntimeError):
    """Raised when a folder does not hold the project's files."""


@dataclass(frozen=True)
class Project:
    """A checkout of Sluice.

    Attributes:
        folder: the one with `template.yaml`.
    """

    folder: Path

    def file(self, name: str) -> Path:
        """Return the path of a file, such as `template.yaml`.

        Raises:
            NotACheckoutError: it is not there.
        """
        path = self.folder / name
        if not path.is_file():
            raise NotACheckoutError(
                f"{path} is not there: name a checkout of Sluice by --project, or run this in one."
            )
        return path


def find_project(named: Path | None = None) -> Project:
    """Return the checkout that is named, else the one that this code runs from, else the current folder.

    Raises:
        NotACheckoutError: there is none.
    """
    from_checkout = (_INSTALLED_FROM / _NEEDED[0]).is_file()
    project = Project(named or (_INSTALLED_FROM if from_checkout else Path.cwd()))
    for name in _NEEDED:
        project.file(name)
    return project
