"""`sluice report`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.errors import WrongUsageError
from sluice_cli.report.document import QUOTA_PER_SECOND
from sluice_cli.report.gathering import ReportRequest, gather
from sluice_cli.report.render import render_report
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import say, screen

HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="File to write; COHORT.html, if left out.", dir_okay=False),
]
AccuracyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accuracy",
        metavar="FILE|S3_URI",
        help="A report of `lowpass accuracy`; those beside the samples' results are found without it.",
    ),
]
QuotaOption = Annotated[
    float, typer.Option("--quota", min=0.1, help="SubmitJob calls a second that the account may make.")
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(report)


def report(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    html: HtmlOption = None,
    accuracy: AccuracyOption = None,
    quota: QuotaOption = QUOTA_PER_SECOND,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Write a page about a cohort: every job over time, waits, submissions, failures and cost.

    One HTML file that contains everything and loads nothing, so you can keep
    and send it. You can write it while the cohort runs. It shows jobs for as
    long as the stack keeps their tasks (KeepDays days).

    \b
    Examples:
      sluice report run-42
      sluice report run-42 --html reports/run-42.html
      sluice report run-42 --accuracy accuracy.json
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    path = html or Path(f"{cohort}.html")
    with Console(stderr=True).status("reading") as status:
        facts = gather(
            api,
            session,
            found_stack,
            ReportRequest(cohort, accuracy or ()),
            tell=lambda doing: status.update(f"reading {doing}"),
        )
        status.update("writing")
        page = render_report(facts, quota_per_second=quota)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise WrongUsageError(f"--html {path}: {error.strerror}") from error
    say(screen(), f"{path}: {len(facts.samples):,} samples, {len(facts.jobs):,} jobs")
