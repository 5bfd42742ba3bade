"""Where the project's own files are: the template to deploy and the data to run it on."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]


class NotACheckoutError(RuntimeError):
    """Raised when a file of the project is not beside the installed code."""


def project_file(name: str) -> Path:
    """Return the path of a file of the checkout, such as `template.yaml`.

    Raises:
        NotACheckoutError: the code was installed without the rest of the project.
    """
    path = _ROOT / name
    if not path.is_file():
        raise NotACheckoutError(f"{path} is not there: run this from a checkout, installed by `make demo`.")
    return path
