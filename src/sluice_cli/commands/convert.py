"""`sluice convert`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from sluice_cli.adopting.conversion import Conversion, Wishes, convert
from sluice_cli.adopting.heartbeats import SENT_EVERY_SECONDS
from sluice_cli.adopting.reversal import convert_back
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack, heartbeat_interval
from sluice_cli.errors import WrongUsageError
from sluice_cli.terminal.options import DEFAULT_STACK, ProfileOption, RegionOption, StackOption
from sluice_cli.terminal.output import say

DefinitionArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A definition, or a template that contains some; JSON or YAML.")
]
_Activity = Annotated[
    str | None,
    typer.Option(
        "--activity", metavar="ARN", help="Resource of the states; the stack's Activity, if left out."
    ),
]
_RESOURCE: Final = re.compile(r"arn:[^:]+:states:[^:]+:[^:]+:activity:[^:]+|.*\$\{[^}]+\}.*")
"""What a state's Resource may be."""
_ASK_AWS: Final = (
    " Get the definition into a file first: aws stepfunctions describe-state-machine --state-machine-arn {} "
    "--query definition --output text > machine.asl.json"
)
_InPlace = Annotated[bool, typer.Option("--in-place", help="Change the file, instead of showing how.")]
_Anonymous = Annotated[
    bool, typer.Option("--no-execution-arn", help="Do not add the fields that name the execution and state.")
]
_Back = Annotated[bool, typer.Option("--back", help="Move the states back to batch:submitJob.sync.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("convert")(convert_file)


def convert_file(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    file: DefinitionArgument,
    *,
    activity: _Activity = None,
    in_place: _InPlace = False,
    no_execution_arn: _Anonymous = False,
    back: _Back = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Move a state machine from batch:submitJob.sync to Sluice.

    The changes are shown as a diff. A state keeps its input, and whatever reads its output or cause works as
    before. Notes, and changes that you must make yourself, are listed on
    standard error. --back undoes the conversion.

    \b
    Examples:
      sluice convert pipeline.asl.json
      sluice convert template.yaml --in-place
      sluice convert template.yaml --in-place --back
      sluice convert pipeline.asl.yaml --activity '${SluiceActivity}' | git apply
    """  # noqa: D301 - \b keeps Typer from joining the lines
    text = read_definition(file)
    session: Session = context.obj
    sent_every = SENT_EVERY_SECONDS
    if activity is None:
        found = find_stack(session.connect(Target(stack, profile, region)), stack)
        activity, sent_every = found.output("ActivityArn"), heartbeat_interval(found)
    _check_activity(activity)
    if back:
        done = convert_back(str(file), text, activity)
    else:
        done = convert(str(file), text, Wishes(activity, not no_execution_arn, sent_every))
    if in_place and done.after != done.before:
        write_definition(file, done.after)
    elif not in_place:
        name = os.path.relpath(file)
        if name.startswith(os.pardir):
            done.notes.append(f"{file} is outside of this folder, so that `git apply` refuses the diff here.")
        sys.stdout.write("".join(done.diff(name)))
    where = activity if back else "batch:submitJob.sync"
    _tell(Console(stderr=True, highlight=False, soft_wrap=True), done, where)


def _check_activity(given: str) -> None:
    if not _RESOURCE.fullmatch(given):
        raise WrongUsageError(
            f"--activity {given!r} is neither an activity's ARN nor a placeholder. A shell leaves a "
            "placeholder alone in single quotes: --activity '${Activity}'."
        )


def read_definition(file: Path) -> str:
    """Reads a file with its line breaks as they are.

    Raises:
        WrongUsageError: it cannot be read, or is no UTF-8.
    """
    try:
        return file.read_bytes().decode()
    except OSError as error:
        hint = _ASK_AWS.format(file) if str(file).startswith("arn:") else ""
        raise WrongUsageError(f"{file} cannot be read: {error.strerror}.{hint}") from error
    except UnicodeDecodeError as error:
        raise WrongUsageError(f"{file} is not in UTF-8: byte {error.start} cannot be read.") from error


def write_definition(file: Path, text: str) -> None:
    """Writes a file with its line breaks as they are; raises WrongUsageError."""
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise WrongUsageError(f"{file} cannot be written: {error.strerror}.") from error


def _tell(console: Console, done: Conversion, before: str) -> None:
    out, came = done.lines
    if done.states:
        count = len(done.states)
        say(
            console,
            f"{count} state{'s' * (count > 1)} converted: {', '.join(done.states)}; lines -{out} +{came}.",
        )
    else:
        say(console, f"No state runs a job by {before}; nothing is to be converted.")
    if done.queues:
        say(console, f"The stack must watch these queues (JobQueueArns): {', '.join(done.queues)}.")
        say(console, "It must be allowed to use the jobs' definitions (JobDefinitionArns), too.")
    for note in done.notes:
        say(console, f"- {note}")
