"""`sluice explain`."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sluice_cli.aws.executions import find_execution
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.explain.reading import explain_execution
from sluice_cli.explain.report import Explanation
from sluice_cli.terminal.durations import moment
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    AttemptOption,
    CohortOption,
    JsonOption,
    ProfileOption,
    RegionOption,
    StackOption,
    SubjectArgument,
)
from sluice_cli.terminal.output import print_json, say, screen

_STYLES = {"SUCCEEDED": "bold green", "RUNNING": "bold"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(explain)


def explain(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    subject: SubjectArgument,
    *,
    cohort: CohortOption = None,
    attempt: AttemptOption = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Say what happened to a sample, step by step, and why it failed.

    The first line has the cause. It comes from the execution's history and the
    stack's record of its Batch jobs, kept for KeepDays days; executions that
    the sample's own execution started are included.

    \b
    Examples:
      sluice explain NA06989
      sluice explain NA06989 --cohort run-42
      sluice explain NA06989 --cohort run-42 --attempt 1
      sluice explain arn:aws:states:eu-west-1:111122223333:execution:wgs:7
      sluice explain NA06989 --json | jq -r .headline
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    execution = find_execution(api, found_stack, subject, cohort, attempt=attempt)
    explained = explain_execution(api, found_stack, execution, now_ms=session.now_ms())
    if as_json:
        print_json(explained.document())
    else:
        show(screen(), explained)


def show(console: Console, explained: Explanation) -> None:
    """Prints an explanation: the cause, what to do, and the steps."""
    say(console, explained.headline, _STYLES.get(explained.execution.status, "bold red"))
    for advice in explained.advice:
        say(console, f"  - {advice}")
    say(console, f"\n{explained.execution.arn}", "dim")
    table = Table(box=None, show_header=False, pad_edge=False)
    for style in ("dim", "cyan", ""):
        table.add_column(style=style, no_wrap=style == "dim")
    for step in explained.steps:
        # as Text, since brackets in what others wrote are no markup
        table.add_row(moment(step.at_ms)[11:], Text(step.state or ""), Text(step.says))
    say(console, f"{moment(explained.execution.started_ms)[:10]}, times in UTC", "dim")
    console.print(table)
