"""`sluice status`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sluice.cohorts.model import Cohort, SampleStatus
from sluice_cli.aws.cohorts import cohorts_of, find_cohort
from sluice_cli.aws.ports import Api, Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.cohorts.summary import Summary, summarize
from sluice_cli.terminal.cohort_display import whole
from sluice_cli.terminal.completion import cohort_names
from sluice_cli.terminal.durations import moment
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    FailOption,
    JsonOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen

_Cohort = Annotated[
    str | None,
    typer.Argument(
        metavar="[COHORT]",
        help="Name of the cohort; all cohorts, if left out.",
        autocompletion=cohort_names,
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(status)


def status(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: _Cohort = None,
    *,
    fail: FailOption = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Show a cohort's progress: counts by state, and why samples failed.

    \b
    Examples:
      sluice status
      sluice status run-42
      sluice status run-42 --json | jq -r '.failed[].sample'
      sluice status run-42 --fail && echo all well
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    if cohort is None:
        found_cohorts = cohorts_of(api, found_stack).all_cohorts()
        latest_first = sorted(found_cohorts, key=lambda each: each.created_at, reverse=True)
        _show_all(screen(), latest_first, as_json=as_json)
        return
    found = summary_of(api, found_stack, cohort)
    if as_json:
        print_json(found.document())
    else:
        screen().print(whole(found))
    if fail and found.has_failures:
        raise typer.Exit(1)


def summary_of(api: Api, stack: Stack, name: str) -> Summary:
    """Reads how a cohort stands; the samples only if some failed."""
    cohort = find_cohort(api, stack, name)
    found = Summary(cohort, ())
    return summarize(cohort, cohorts_of(api, stack).samples(name)) if found.has_failures else found


def _show_all(console: Console, cohorts: list[Cohort], *, as_json: bool) -> None:
    if as_json:
        documents = [Summary(cohort, ()).document() for cohort in cohorts]
        print_json({"cohorts": [{**each, "failed": None, "failures": None} for each in documents]})
        return
    if not cohorts:
        say(console, "There are no cohorts yet: sluice launch SHEET")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("cohort", "launched", "samples", "running", "succeeded", "failed"):
        table.add_column(name, justify="left" if name in {"cohort", "launched"} else "right")
    for cohort in cohorts:
        found = Summary(cohort, ())
        running, succeeded = found.count(SampleStatus.RUNNING), found.count(SampleStatus.SUCCEEDED)
        counts = (cohort.total, running, succeeded, found.ended - succeeded)
        table.add_row(cohort.name, moment(cohort.created_at)[:16], *(f"{count:,}" for count in counts))
    console.print(table)
