"""`sluice cancel`."""

import sys

import typer
from rich.console import Console

from sluice.cohorts.model import SampleStatus
from sluice_cli.aws.cohorts import find_cohort
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.cohorts.cancelling import Cancelling, cancel_cohort
from sluice_cli.terminal.asking import YesOption, ask
from sluice_cli.terminal.durations import samples
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    JsonOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(cancel)


def cancel(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Stop a cohort: no more samples start, and those that run are stopped.

    Sluice ends their jobs. A sample that cannot be stopped is tried again for a
    minute and then left to the reconciler; you can also repeat the command.
    `sluice retry` runs the stopped samples again, and `sluice launch` starts
    those that never started.

    \b
    Examples:
      sluice cancel run-42
      sluice cancel run-42 --yes
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    found = find_cohort(api, found_stack, cohort)
    running = found.counts.get(SampleStatus.RUNNING, 0)
    if not yes:
        ask(f"Stop cohort {cohort}, of which {samples(running)} run now, and start no others?")
    left, console = Cancelling(running), screen()
    for left in cancel_cohort(api, session, found_stack, cohort):
        if sys.stdout.isatty() and not as_json:
            say(console, f"{samples(left.running)} running")
    if as_json:
        print_json({"cohort": cohort, "state": "CANCELLED", **left.document()})
    else:
        _tell(console, cohort, left)
    if left.refused:
        raise typer.Exit(1)


def _tell(console: Console, cohort: str, left: Cancelling) -> None:
    if left.running:
        say(console, f"Cohort {cohort} is cancelled; left to the reconciler: {samples(left.running)}.")
    else:
        say(console, f"Cohort {cohort} is cancelled; none of its samples runs.")
    if left.refused:
        say(console, f"AWS refused to stop {samples(left.refused)} of them. The last error: {left.error}")
