"""`sluice launch`."""

from typing import Annotated

import typer

from sluice.cohorts.model import Cohort
from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.aws.ports import Api, Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.cohorts.launching import Launch, LaunchOptions, begin, check_same, is_launched, prepare
from sluice_cli.cohorts.machine import watch_machine
from sluice_cli.terminal.durations import samples
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    JsonOption,
    NoWaitOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen
from sluice_cli.terminal.starting_display import show_starting

_Sheet = Annotated[
    str,
    typer.Argument(metavar="SHEET", help="CSV or JSON Lines: a file, s3://bucket/key, or - for the input."),
]
_Cohort = Annotated[
    str | None, typer.Option("--cohort", metavar="NAME", help="Name of the cohort; the sheet's, if left out.")
]
_Workflow = Annotated[
    str | None,
    typer.Option(
        "--workflow", metavar="ARN", help="State machine of a sample; the stack's own, if left out."
    ),
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A field for all samples; may be repeated."),
]
_Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar="KEY", help="A field that no sample may lack; may be repeated."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the sheet and start nothing.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(launch)


def launch(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    sheet: _Sheet,
    *,
    cohort: _Cohort = None,
    workflow: _Workflow = None,
    fields: _Set = None,
    require: _Require = None,
    dry_run: _DryRun = False,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Start a cohort: one execution for each sample of a sheet.

    A sheet needs a column `sample`; the others become fields of the input of
    each sample's execution. Every bad row is named before anything starts. What
    was interrupted may be launched again: no sample starts twice.

    \b
    Examples:
      sluice launch run-42.csv
      sluice launch s3://lab/run-42.jsonl --cohort run-42-b --set panel=s3://lab/p.bcf
      sluice launch run-42.csv --workflow "$ARN" --require fastq --dry-run
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    asked = prepare(api, found_stack, LaunchOptions(sheet, cohort, workflow, fields or (), require or ()))
    name, total = asked.cohort, len(asked.sheet.rows)
    if dry_run:
        say(screen(), f"{sheet} is fine: {samples(total)} for cohort {name}. Nothing was started.")
        return
    known = _known(api, found_stack, asked)
    if is_launched(known):
        _tell(name, total, "started before", as_json=as_json)
    else:
        execution = begin(api, found_stack, asked, known)
        if not no_wait:
            looks = watch_machine(api, session, found_stack, name, execution)
            show_starting(name, total, looks, lambda now: now.started)
        _tell(name, total, "starting" if no_wait else "started", as_json=as_json)


def _known(api: Api, stack: Stack, asked: Launch) -> Cohort | None:
    """The cohort as it is, None if it is new; one of this name with other samples is refused."""
    known = cohorts_of(api, stack).cohort(asked.cohort)
    if known is not None:
        check_same(known, asked)
    return known


def _tell(name: str, total: int, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"cohort": name, "total": total, "state": what})
    else:
        say(screen(), f"Cohort {name}: {samples(total)} {what}. See how they fare: sluice watch {name}")
