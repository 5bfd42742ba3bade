"""`sluice samples`."""

import csv
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from sluice.cohorts.model import SampleStatus
from sluice_cli.aws.cohorts import cohorts_of, find_cohort
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import find_stack
from sluice_cli.cohorts.listing import COLUMNS, SampleLine, choose_samples, sample_lines
from sluice_cli.errors import WrongUsageError
from sluice_cli.report.reading import read_tasks
from sluice_cli.terminal.cohort_display import STYLES
from sluice_cli.terminal.durations import moment
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    CohortArgument,
    ErrorOption,
    JsonOption,
    ProfileOption,
    RegionOption,
    StackOption,
)
from sluice_cli.terminal.output import print_json, say, screen

_State = Annotated[
    list[SampleStatus] | None,
    typer.Option("--state", case_sensitive=False, help="Only samples in this state; may be repeated."),
]
_Tsv = Annotated[bool, typer.Option("--tsv", help="Print tab-separated values, with a header.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(samples)


def samples(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    cohort: CohortArgument,
    *,
    states: _State = None,
    errors: ErrorOption = None,
    as_json: JsonOption = False,
    as_tsv: _Tsv = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """List the samples of a cohort: state, step, attempt, error, and since when.

    The step is the workflow state that waits for jobs, or was the last to wait.
    Attempt 1+2 is the first attempt, resumed twice at the step that failed.
    Times are in UTC.

    \b
    Examples:
      sluice samples run-42 --state failed
      sluice samples run-42 --error Job.OutOfMemory --tsv | cut -f1
      sluice samples run-42 --json | jq -r '.samples[].executionArn'
    """  # noqa: D301 - \b keeps Typer from joining the lines
    if as_json and as_tsv:
        raise WrongUsageError("Give --json or --tsv, not both.")
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found_stack = find_stack(api, stack)
    find_cohort(api, found_stack, cohort)
    all_of_it = cohorts_of(api, found_stack).samples(cohort)
    found = choose_samples(all_of_it, states=states or (), errors=errors or ())
    arns = [sample.execution_arn for sample in found if sample.status is not SampleStatus.SUCCEEDED]
    tasks = read_tasks(api.tasks(found_stack.output("TaskTableName")), arns, lambda _: None)
    lines = list(sample_lines(found, tasks))
    if as_json:
        print_json({"cohort": cohort, "samples": [line.document() for line in lines]})
    elif as_tsv:
        rows = [COLUMNS, *(_cells(line) for line in lines)]
        csv.writer(sys.stdout, delimiter="\t", lineterminator="\n").writerows(rows)
    elif lines:
        screen().print(_table(lines))
    else:
        say(screen(), "There are none such." if states or errors else "None has started yet.")


def _table(lines: Sequence[SampleLine]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(name, no_wrap=name in {"sample", "since"})
    for line in lines:
        sample, state, *others = _cells(line)
        # as Text, since brackets in a workflow's own error are no markup
        table.add_row(Text(sample), Text(state, STYLES[line.sample.status]), *map(Text, others))
    return table


def _cells(line: SampleLine) -> tuple[str, ...]:
    sample = line.sample
    return (
        sample.name,
        sample.status.value,
        line.step or "",
        line.attempt,
        line.error or "",
        moment(line.since_ms),
    )
