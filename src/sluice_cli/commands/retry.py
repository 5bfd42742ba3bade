"""`sluice retry`."""

import typer

from sluice.cohorts.model import FAILURES, Cohort
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.cohorts.machine import start_machine, watch_machine
from sluice_cli.commands.status import summary_of
from sluice_cli.terminal.durations import samples
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    NoWaitOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import say, screen
from sluice_cli.terminal.starting_display import show_starting


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(retry)


def retry(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    no_wait: NoWaitOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Run the failed samples of a cohort again, and no others.

    Those that failed, timed out or were stopped get another attempt with the
    same input; what they failed of stays in the history of their executions.

    \b
    Examples:
      sluice retry run-42
      sluice retry run-42 --no-wait
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    found = summary_of(api, found_stack, cohort)
    many = len(found.failed)
    if not many:
        say(screen(), f"No sample of cohort {cohort} has failed.")
        return
    request = {"cohort": cohort, "only": "failed"}
    execution = start_machine(api, found_stack, f"{cohort}-retry", request, known=found.cohort)
    if not no_wait:
        looks = watch_machine(api, session, found_stack, cohort, execution)
        show_starting(cohort, many, looks, lambda now: many - failures_of(now))
    what = "starting" if no_wait else "started"
    say(screen(), f"Cohort {cohort}: {samples(many)} {what} again. See how they fare: sluice watch {cohort}")


def failures_of(cohort: Cohort) -> int:
    """How many samples of a cohort have failed so far."""
    return sum(cohort.counts.get(status, 0) for status in FAILURES)
