"""`sluice launch`."""

from collections.abc import Iterable
from typing import Annotated

import typer

from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.cohorts.launching import (
    Launch,
    LaunchOptions,
    begin,
    is_launched,
    known_as,
    prepare,
)
from sluice_cli.cohorts.machine import Starting, watch_machine
from sluice_cli.cohorts.sheet_problems import alike_remarks, spreadsheet_remarks
from sluice_cli.cohorts.workflow_check import workflow_remarks
from sluice_cli.terminal.durations import samples
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    JsonOption,
    NoWaitOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen, some, warn
from sluice_cli.terminal.starting_display import show_starting

_Sheet = Annotated[
    str,
    typer.Argument(
        metavar="SHEET", help="CSV, TSV or JSON Lines: a file, s3://bucket/key, or - for standard input."
    ),
]
_Cohort = Annotated[
    str | None, typer.Option("--cohort", metavar="NAME", help="Name of the cohort; the sheet's, if left out.")
]
_Workflow = Annotated[
    str | None,
    typer.Option(
        "--workflow",
        metavar="NAME",
        help="State machine of a sample, by name or ARN; the stack's own, if left out.",
    ),
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A field for all samples; may be repeated."),
]
_Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar="KEY", help="A field that every sample must have; may be repeated."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Check sheet and workflow, and start nothing.")]


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
    each sample's execution. Every bad row is named before anything starts. A
    sheet may be launched again: only rows that were added to it start.

    \b
    Examples:
      sluice launch run-42.csv
      sluice launch s3://lab/b.jsonl --cohort run-42 --set panel=s3://lab/p.bcf
      sluice launch run-42.csv --workflow wgs --require fastq --dry-run
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    asked = prepare(api, found_stack, LaunchOptions(sheet, cohort, workflow, fields or (), require or ()))
    known, changes = known_as(api, found_stack, asked)
    _warn(workflow_remarks(api, found_stack, asked.workflow_arn, asked.sheet))
    _warn(some([*alike_remarks(row.sample for row in asked.sheet.rows)]))
    _warn(some([*spreadsheet_remarks(asked.sheet.rows)]))
    new = f", {len(changes.new):,} of them new" if changes.new else ""
    if dry_run:
        _tell(asked, "checked" + new, as_json=as_json)
    elif is_launched(known, changes):
        _tell(asked, "started before", as_json=as_json)
    else:
        execution = begin(api, found_stack, asked, known)
        if not no_wait:
            _show(asked, watch_machine(api, session, found_stack, asked.cohort, execution))
        _tell(asked, ("starting" if no_wait else "started") + new, as_json=as_json)


def _warn(remarks: Iterable[str]) -> None:
    for remark in remarks:
        warn(remark)


def _show(asked: Launch, looks: Iterable[Starting]) -> None:
    show_starting(asked.cohort, len(asked.sheet.rows), looks, lambda now: now.started)


def _tell(asked: Launch, what: str, *, as_json: bool) -> None:
    name, total = asked.cohort, len(asked.sheet.rows)
    state = what.partition(",")[0]
    if as_json:
        print_json({"cohort": name, "total": total, "state": state})
    elif state == "checked":
        fine = f"{asked.file.name} is fine: {samples(total)} for cohort {name}{what.removeprefix(state)}"
        say(screen(), f"{fine}. Nothing was started.")
    else:
        say(screen(), f"Cohort {name}: {samples(total)} {what}. Follow their progress: sluice watch {name}")
