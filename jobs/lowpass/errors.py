"""How a command fails, as its exit status tells it."""

from typing import ClassVar


class LowpassError(Exception):
    """Raised when a command cannot do its work; the message names the value and the way out."""

    exit_status: ClassVar[int] = 1


class ArgumentError(LowpassError):
    """Raised when another argument would help: a file that is not there, a sample nobody knows."""

    exit_status: ClassVar[int] = 2


def missing_extra(error: ModuleNotFoundError, *, program: str, extra: str) -> str:
    """Say in a sentence which extra brings what could not be imported.

    Args:
        error: what the import raised.
        program: the name of the program that needs it.
        extra: the name of the extra in pyproject.toml that lists what the program needs.

    Raises:
        ModuleNotFoundError: the same error, if a module of Sluice itself is missing, which no extra brings.
    """
    if (error.name or "").startswith(("lowpass", "sluice")):
        raise error
    # not by its name: another project has it on the Python Package Index
    install = f"pip install '.[{extra}]' in a checkout of Sluice"
    return f"{program} needs the extra '{extra}' ({error.name} is not installed): {install}"
