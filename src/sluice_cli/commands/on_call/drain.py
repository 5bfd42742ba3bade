"""`sluice drain`."""

import sys
from typing import Annotated

import typer

from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.drain.draining import LOOK_SECONDS, Drainer
from sluice_cli.drain.work import Work
from sluice_cli.terminal.asking import YesOption, ask
from sluice_cli.terminal.options import DEFAULT_STACK, JsonOption, ProfileOption, RegionOption, StackOption
from sluice_cli.terminal.output import print_json, say, screen

_Stop = Annotated[
    bool, typer.Option("--stop", help="Stop executions and their jobs instead of waiting for them.")
]
_Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes", min=0.1, metavar="M", help="Give up after this many minutes, with exit code 1."
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(drain)


def drain(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    *,
    stop: _Stop = False,
    minutes: _Minutes = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Wait until nothing runs on a stack, so that it can be deleted.

    It ends launches. It waits for the executions of every state machine that
    uses the stack's Activity, or stops them. Then it waits until no task is
    open, no job is left and the pollers have stopped. It says what is left.
    Ctrl-C only ends the waiting; run the command again to continue. Launch
    nothing meanwhile.

    If you delete a stack while executions run, the deletion waits for them, but
    nothing is left to complete their tasks. If a deletion is already waiting,
    `--stop` lets it finish.

    \b
    Examples:
      sluice drain
      sluice drain --stop --yes && sam delete --stack-name sluice
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    drainer = Drainer.of(api, session, find_stack(api, stack, also_deleting=True))
    console = screen()
    if not yes:
        _confirm(drainer.look(), stop=stop)
    looks = None if minutes is None else max(1, round(minutes * 60 / LOOK_SECONDS))
    left = Work()
    for left in drainer.drain(stop=stop, looks=looks):
        if sys.stdout.isatty() and not as_json:
            say(console, f"left: {left.words()}")
    if as_json:
        print_json({"stack": stack, "drained": drainer.is_done(left), "left": left.document()})
    else:
        say(console, _verdict(drainer, left))
    if not drainer.is_done(left):
        raise typer.Exit(1)


def _confirm(work: Work, *, stop: bool) -> None:
    ended = len(work.launches) + (len(work.running) if stop else 0)
    if not ended:
        return
    others = [arn.rpartition(":")[2] for arn, each in work.executions.items() if each] if stop else []
    whose = f" of {', '.join(others)}" if others else ""
    ask(f"Stop {ended:,} execution{'' if ended == 1 else 's'}{whose}, and their jobs?")


def _verdict(drainer: Drainer, left: Work) -> str:
    name = drainer.stack.name
    if not drainer.is_done(left):
        return f"Stack {name} is not drained. Left: {left.words()}. Run it again to go on."
    if drainer.is_being_deleted:
        tasks = left.tasks + left.stopping
        which = f"{tasks:,} task{'' if tasks == 1 else 's'}"
        jobs = f" Of {which} the jobs may still run: look into their queues." if tasks else ""
        return f"No execution keeps stack {name} from being deleted.{jobs}"
    if left.pollers:
        return (
            f"Stack {name} is drained. {left.words()} left, as the stack's AlwaysOn is true: "
            "deleting the stack ends them after their present round."
        )
    return f"Stack {name} is drained: nothing runs. Delete it with: sam delete --stack-name {name}"
