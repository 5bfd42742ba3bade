"""`sluice redrive`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack, stack_resources
from sluice_cli.redrive.moving import DeadLetters, Move, find_dead_letters, move_all
from sluice_cli.terminal.options import DEFAULT_STACK, JsonOption, ProfileOption, RegionOption, StackOption
from sluice_cli.terminal.output import print_json
from sluice_cli.terminal.redrive_display import show_dead_letters, show_ends, show_moves

_Queues = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUEUE", help="Dead-letter queues, as the template calls them; all, if left out."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(redrive)


def redrive(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    queues: _Queues = None,
    *,
    dry_run: _DryRun = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Send failed events from the dead-letter queues back to the functions.

    Fix the cause first (`sluice doctor`). Events may arrive late or twice, so
    this may be repeated. It waits until SQS has moved all of them. The exit
    code is 1 if SQS could not.

    \b
    Examples:
      sluice redrive --dry-run
      sluice redrive
      sluice redrive JobEventsDeadLetters --json | jq .moved
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    find_stack(api, stack)
    found = find_dead_letters(api, stack_resources(api, stack), queues or ())
    if dry_run:
        if as_json:
            print_json({"stack": stack, "dryRun": True, "queues": [_letters(each) for each in found]})
        else:
            show_dead_letters(found)
        return
    moves = show_moves(move_all(api, session, found), quiet=as_json)
    if as_json:
        moved = sum(each.moved for each in moves)
        print_json(
            {"stack": stack, "dryRun": False, "moved": moved, "queues": [_move(each) for each in moves]}
        )
    else:
        show_ends(moves)
    if any(each.has_failed for each in moves):
        raise typer.Exit(1)


def _letters(letters: DeadLetters) -> dict[str, Any]:
    fields = asdict(letters)
    return {name: fields[name] for name in ("queue", "destination", "messages")}


def _move(move: Move) -> dict[str, Any]:
    return {
        **_letters(move.letters),
        "moved": move.moved,
        "status": str(move.progress),
        "reason": move.reason,
    }
