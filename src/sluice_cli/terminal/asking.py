"""Questions before something is stopped."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sluice_cli.errors import WrongUsageError

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def ask(question: str) -> None:
    """Asks, and ends the command unless the answer is yes.

    Raises:
        WrongUsageError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise WrongUsageError(f"There is nobody to ask, so give --yes to go ahead: {question}")
    typer.confirm(question, abort=True)
