"""The two ways in which a command fails, as its exit status tells them apart."""

from typing import ClassVar


class LowpassError(Exception):
    """Raised when a command cannot do its work; the message names the value and the way out."""

    exit_status: ClassVar[int] = 1


class ArgumentError(LowpassError):
    """Raised when another argument would help: a file that is not there, a sample nobody knows."""

    exit_status: ClassVar[int] = 2
