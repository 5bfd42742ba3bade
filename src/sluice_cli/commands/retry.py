"""`sluice retry`."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sluice.cohorts.model import FAILURES, Cohort
from sluice_cli.aws.cohorts import find_cohort
from sluice_cli.aws.ports import Api, Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.cohorts.machine import watch_machine
from sluice_cli.cohorts.retrying import Retry, RetryOptions, begin_retry, gone_on, prepare_retry
from sluice_cli.terminal.durations import samples
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    ErrorOption,
    JsonOption,
    NoWaitOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen, some
from sluice_cli.terminal.starting_display import show_starting

_Sheet = Annotated[
    str | None,
    typer.Option(
        "--sheet", metavar="SHEET", help="A corrected sheet, from which the samples get their inputs."
    ),
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A field for all of them; may be repeated."),
]
_Sample = Annotated[
    list[str] | None, typer.Option("--sample", metavar="NAME", help="Only this sample; may be repeated.")
]
_FromStart = Annotated[
    bool, typer.Option("--from-start", help="Run all steps again, including those that succeeded.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be run again and start nothing.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(retry)


def retry(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    sheet: _Sheet = None,
    fields: _Set = None,
    errors: ErrorOption = None,
    names: _Sample = None,
    from_start: _FromStart = False,
    dry_run: _DryRun = False,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Run the failed samples of a cohort again, and no others.

    A sample goes on with the step that failed (RedriveExecution), for 14 days.
    With another input, from a corrected sheet or --set, it starts from the
    beginning as its next attempt. Fields that neither of them has stay as they were.

    \b
    Examples:
      sluice retry run-42
      sluice retry run-42 --sheet run-42.csv
      sluice retry run-42 --error Job.OutOfMemory --set memoryMib=8192
      sluice retry run-42 --sample NA06989 --sample NA12878 --from-start
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    found = find_cohort(api, found_stack, cohort)
    options = RetryOptions(sheet, fields or (), errors or (), names or (), from_start)
    asked = prepare_retry(api, found_stack, found, options)
    if not as_json:
        _tell_changes(asked)
    if asked.samples and not dry_run:
        outcome = _start_again(api, session, found_stack, asked, no_wait=no_wait)
    else:
        outcome = Outcome("checked" if asked.samples else "nothing failed")
    if as_json:
        print_json(_document(asked, outcome))
    else:
        say(screen(), _sentence(asked, outcome, has_sheet=sheet is not None))


@dataclass(frozen=True)
class Outcome:
    """What became of a retry: how many samples went on where they had failed, and how many started anew."""

    state: str
    went_on: int = 0
    from_start: int = 0


def _start_again(api: Api, session: Session, stack: Stack, asked: Retry, *, no_wait: bool) -> Outcome:
    execution, name = begin_retry(api, stack, asked), asked.cohort.name
    if no_wait:
        return Outcome("starting")
    failed = failures_of(asked.cohort)
    looks = watch_machine(api, session, stack, name, execution)
    show_starting(name, len(asked.samples), looks, lambda now: failed - failures_of(now))
    return Outcome("started", *gone_on(api, stack, asked))


def _document(asked: Retry, outcome: Outcome) -> dict[str, Any]:
    """The retry as JSON has it."""
    return {
        "cohort": asked.cohort.name,
        "state": outcome.state,
        "samples": [
            {"sample": sample.name, "changes": list(asked.changes.get(sample.name, ()))}
            for sample in asked.samples
        ],
        "remarks": list(asked.remarks),
        "wentOn": outcome.went_on,
        "fromStart": outcome.from_start,
    }


def _sentence(asked: Retry, outcome: Outcome, *, has_sheet: bool) -> str:
    cohort, many = asked.cohort.name, samples(len(asked.samples))
    if not asked.samples:
        return f"Cohort {cohort} has no failed samples" + (" that have a row." if has_sheet else ".")
    if outcome.state == "checked":
        changed = len(asked.changes)
        of_them = "" if changed == len(asked.samples) else f"{changed:,} of them "
        anew = f", {of_them}from the start" if changed else ""
        return f"{many} of cohort {cohort} would be run again{anew}. Nothing was started."
    how = "starting again" if outcome.state == "starting" else f"started again{_how(outcome)}"
    return f"Cohort {cohort}: {many} {how}. Follow their progress: sluice watch {cohort}"


def failures_of(cohort: Cohort) -> int:
    """How many samples of a cohort have failed so far."""
    return sum(cohort.counts.get(status, 0) for status in FAILURES)


def _tell_changes(asked: Retry) -> None:
    changes = [f"{name}: {'; '.join(fields)}" for name, fields in asked.changes.items()]
    for line in (*some(changes), *some(asked.remarks)):
        say(screen(), line)


def _how(outcome: Outcome) -> str:
    on, anew = outcome.went_on, outcome.from_start
    parts = [(on, "where it failed", "where they failed"), (anew, "from the start", "from the start")]
    said = [f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number]
    return f", {' and '.join(said)}" if said else ""
