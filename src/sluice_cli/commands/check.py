"""`sluice check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sluice_cli.adopting.checking import check
from sluice_cli.adopting.job_checks import Known
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import (
    find_stack,
    heartbeat_interval,
    startable_workflows,
    usable_definitions,
    watched_queues,
)
from sluice_cli.commands.convert import DefinitionArgument, read_definition
from sluice_cli.terminal.options import DEFAULT_STACK, JsonOption, ProfileOption, RegionOption, StackOption
from sluice_cli.terminal.output import print_json, say, screen

if TYPE_CHECKING:
    from pathlib import Path

    from sluice_cli.adopting.checking import Checked, Problem

_Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        metavar="ARN",
        help="A queue that the stack watches, instead of asking; may be repeated.",
    ),
]
_Definitions = Annotated[
    list[str] | None,
    typer.Option(
        "--job-definition",
        metavar="ARN",
        help="A job definition that the stack may use (* is any text), instead of asking; may be repeated.",
    ),
]
_Offline = Annotated[
    bool, typer.Option("--offline", help="Make no call to AWS, and check no queues or job definitions.")
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check")(check_file)


def check_file(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    file: DefinitionArgument,
    *,
    queue: _Queues = None,
    job_definition: _Definitions = None,
    offline: _Offline = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Say what in a state machine would break on Sluice, before it is deployed.

    A missing heartbeat, a queue that the stack does not watch, a job definition
    that it may not use, arguments that SubmitJob does not have, names that are
    too long. Values that are only known at deployment or at run time are not checked. The
    exit code is 1 if something would break.

    \b
    Examples:
      sluice check pipeline.asl.json
      sluice check template.yaml --offline
      sluice check pipeline.asl.yaml --json | jq -r '.problems[].text'
    """  # noqa: D301 - \b keeps Typer from joining the lines
    text = read_definition(file)
    session: Session = context.obj
    known = Known(queue or (), job_definition or ())
    if not (queue or job_definition or offline):
        found = find_stack(session.connect(Target(stack, profile, region)), stack)
        known = Known(
            watched_queues(found),
            usable_definitions(found),
            startable_workflows(found),
            heartbeat_interval(found),
        )
    checked = check(str(file), text, known)
    errors = sum(each.is_error for each in checked.problems)
    if as_json:
        problems = [_document(each) for each in checked.problems]
        print_json({"errors": errors, "statesChecked": checked.states, "problems": problems})
    else:
        _tell(file, checked, errors)
    if errors:
        raise typer.Exit(1)


def _tell(file: Path, checked: Checked, errors: int) -> None:
    console = screen()
    for each in checked.problems:
        where = f"{file}:{each.line}" if each.line else str(file)
        say(console, f"{where}: {each.place}: {each.text}", "red" if each.is_error else "")
    if not checked.states:
        say(console, f"{file}: no state of it is on an Activity, so nothing was checked.", "yellow")
    elif not errors:
        say(console, f"{file}: nothing would break.", "green")


def _document(problem: Problem) -> dict[str, object]:
    return {
        "place": problem.place,
        "line": problem.line,
        "error": problem.is_error,
        "text": problem.text,
    }
