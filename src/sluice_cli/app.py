"""The application: its commands, and how it ends when something is wrong."""

import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from sluice_cli.aws.api import BotocoreApi
from sluice_cli.aws.ports import Session
from sluice_cli.commands import (
    cancel,
    check,
    convert,
    explain,
    launch,
    logs,
    plan,
    report,
    retry,
    samples,
    status,
    watch,
)
from sluice_cli.commands.on_call import doctor, drain, redrive, reserve
from sluice_cli.errors import CliError, WrongUsageError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
TERMINATED = 143
"""128 + SIGTERM."""


class Terminated(KeyboardInterrupt):
    """Raised in the main thread by SIGTERM."""


class _Program(TyperGroup):
    """Ends with a sentence and an exit code where a person can fix what is wrong."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CliError as error:
            Console(stderr=True, highlight=False, soft_wrap=True).print(f"{error}", style="red", markup=False)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as interrupt:
            sys.stderr.write("Stopped.\n")
            raise typer.Exit(TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED) from None


app = typer.Typer(
    name="sluice",
    cls=_Program,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _become(command: Sequence[str]) -> NoReturn:
    """Puts a program in the place of this one, so that signals and the exit code are its own."""
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - what the person asked for
    except OSError as error:
        raise WrongUsageError(f"{command[0]} cannot be run: {error.strerror}.") from error


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"sluice {version('sluice')}\n")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
]


@app.callback()
def sluice(context: typer.Context, *, _version: VersionOption = False) -> None:
    """Run cohorts of samples through Step Functions and AWS Batch, and follow their progress.

    It finds a deployed stack by its name, on AWS or on Local AWS (AWS_ENDPOINT_URL).

    \b
    Exit codes: 0 fine, 1 something failed or is wrong, 2 wrong usage,
    3 AWS refused or there is no stack, 130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    if context.obj is None:
        context.obj = Session(
            connect=BotocoreApi,
            now_ms=lambda: time.time_ns() // 1_000_000,
            sleep=time.sleep,
            execute=_become,
        )


for command in (
    plan,
    launch,
    status,
    watch,
    samples,
    explain,
    logs,
    retry,
    cancel,
    report,
    doctor,
    redrive,
    drain,
    reserve,
    convert,
    check,
):
    command.register(app)
