"""What a person can fix: each error names the value that was wrong and the way out."""

from __future__ import annotations

from typing import ClassVar


class CliError(Exception):
    """Raised for what a person can fix; the command ends with `exit_code` and shows no traceback."""

    exit_code: ClassVar[int] = 2


class WrongUsageError(CliError):
    """Raised when what was asked for makes no sense or is not there."""


class StackMissingError(CliError):
    """Raised when there is no such stack, or it is not one of Sluice's."""

    exit_code = 3


class AwsError(CliError):
    """Raised when AWS cannot be reached or refuses a call.

    Attributes:
        code: AWS's error code, such as `AccessDeniedException`; empty when there was no answer.
    """

    exit_code = 3

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_denied(self) -> bool:
        """True when the caller lacks a permission."""
        return self.code in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
